#include "clade/safe.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

size_t safe_decode(const char *s, size_t len, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc2 ? 2 : 0;
	uint32_t value;

	if (n == 0 || n > len || u[0] > 0xf4)
		return 0;
	value = n == 1 ? u[0] : u[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (u[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return n;
}

void safe_encode(struct text *out, uint32_t code)
{
	static const struct {
		uint32_t below;
		unsigned char lead;
		int more;
	} forms[] = {{0x80, 0, 0}, {0x800, 0xc0, 1}, {0x10000, 0xe0, 2}, {UINT32_MAX, 0xf0, 3}};
	size_t form = 0;

	while (code >= forms[form].below)
		form++;
	text_add_char(out, (char)(forms[form].lead | code >> 6 * forms[form].more));
	for (int left = forms[form].more; left-- > 0;)
		text_add_char(out, (char)(0x80 | (code >> 6 * left & 0x3f)));
}

bool safe_is_utf8(const char *s, size_t len)
{
	while (len > 0) {
		uint32_t code;
		size_t n = safe_decode(s, len, &code);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* Characters that change how their neighbours are read, or cannot be seen: Unicode's bidirectional
 * controls, zero-width and format characters, tags, private use. */
static bool is_invisible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00ad, 0x00ad},    {0x034f, 0x034f}, {0x061c, 0x061c}, {0x115f, 0x1160},
		{0x17b4, 0x17b5},    {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
		{0x2060, 0x206f},    {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
		{0xf0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

int safe_char_width(uint32_t code)
{
	if (code < 0x7f)
		return code >= 0x20 ? 1 : -1;
	if (code < 0xa0 || is_invisible(code))
		return -1;
	return wcwidth((wchar_t)code);
}

static void add_escape(struct text *out, uint32_t code, bool is_byte)
{
	switch (code) {
	case '\n':
		text_add(out, "\\n");
		break;
	case '\t':
		text_add(out, "\\t");
		break;
	case '\r':
		text_add(out, "\\r");
		break;
	case 0x1b:
		text_add(out, "\\e");
		break;
	default:
		if (is_byte || code < 0x80)
			text_printf(out, "\\x%02X", (unsigned)code);
		else
			text_printf(out, "\\u{%X}", (unsigned)code);
	}
}

void safe_add(struct text *out, const char *s, size_t len)
{
	size_t plain = 0; /* bytes that may be added as they are */

	for (size_t i = 0; i < len;) {
		uint32_t code = (unsigned char)s[i];
		size_t n = safe_decode(s + i, len - i, &code);

		if (n > 0 && safe_char_width(code) >= 0) {
			plain += n;
			i += n;
			continue;
		}
		text_add_bytes(out, s + i - plain, plain);
		plain = 0;
		add_escape(out, code, n == 0);
		i += n > 0 ? n : 1;
	}
	text_add_bytes(out, s + len - plain, plain);
}

void safe_add_argv(struct text *out, const char *argv, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *arg = argv + i;
		size_t n = strnlen(arg, len - i);
		/* a title is one argument with spaces: quoting it would only disturb */
		bool is_only = i == 0 && n + 1 >= len;
		bool is_quoted =
			!is_only && (n == 0 || memchr(arg, ' ', n) || memchr(arg, '\'', n));

		if (i > 0)
			text_add_char(out, ' ');
		if (is_quoted)
			text_add_char(out, '\'');
		safe_add(out, arg, n);
		if (is_quoted)
			text_add_char(out, '\'');
		i += n + 1;
	}
}

size_t safe_fit(const char *s, size_t columns, size_t *used)
{
	size_t len = strlen(s);
	size_t taken = 0;
	size_t i = 0;

	while (i < len) {
		uint32_t code;
		size_t n = safe_decode(s + i, len - i, &code);
		int width = n > 0 ? safe_char_width(code) : 1;

		if (width < 0)
			width = 1;
		if (taken + (size_t)width > columns)
			break;
		taken += (size_t)width;
		i += n > 0 ? n : 1;
	}
	if (used)
		*used = taken;
	return i;
}

size_t safe_width(const char *s)
{
	size_t used;

	safe_fit(s, SIZE_MAX, &used);
	return used;
}

bool safe_setup(void)
{
	bool is_utf8;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* files and tables are the same everywhere */
	is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!is_utf8 && !setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "en_US.UTF-8");
	return is_utf8;
}
