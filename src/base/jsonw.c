#include "clade/jsonw.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "clade/safe.h"
#include "clade/units.h"

void jsonw_init(struct jsonw *json, struct text *out, int indent)
{
	*json = (struct jsonw){.out = out, .indent = indent};
}

static void new_line(struct jsonw *json)
{
	if (json->indent == 0)
		return;
	text_add_char(json->out, '\n');
	text_add_repeat(json->out, ' ', (size_t)(json->depth * json->indent));
}

/* What stands before a value: a comma, a line, nothing behind its key. */
static void before_value(struct jsonw *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->depth == 0)
		return;
	if (json->has_items[json->depth])
		text_add_char(json->out, ',');
	json->has_items[json->depth] = true;
	new_line(json);
}

/* What a key that is not kept has written goes with its value. */
static void after_value(struct jsonw *json)
{
	if (!json->is_skipping || json->depth != json->kept_depth)
		return;
	text_cut(json->out, json->skipped_from);
	json->has_items[json->depth] = json->had_items;
	json->is_skipping = false;
}

static void open_level(struct jsonw *json, char bracket)
{
	before_value(json);
	text_add_char(json->out, bracket);
	json->depth++;
	assert(json->depth < JSONW_DEPTH);
	json->has_items[json->depth] = false;
}

static void close_level(struct jsonw *json, char bracket)
{
	bool has_items = json->has_items[json->depth];

	assert(json->depth > 0 && !json->after_key);
	json->depth--;
	if (has_items)
		new_line(json);
	text_add_char(json->out, bracket);
	after_value(json);
}

void jsonw_object(struct jsonw *json)
{
	open_level(json, '{');
}

void jsonw_object_end(struct jsonw *json)
{
	close_level(json, '}');
}

void jsonw_array(struct jsonw *json)
{
	open_level(json, '[');
}

void jsonw_array_end(struct jsonw *json)
{
	close_level(json, ']');
}

void jsonw_keep(struct jsonw *json, const char *const *keys, int depth)
{
	json->kept = keys;
	json->kept_depth = depth;
}

static bool is_kept(const struct jsonw *json, const char *key)
{
	size_t len = strlen(key);

	if (len > 7 && strcmp(key + len - 7, "_base64") == 0)
		len -= 7;
	for (const char *const *kept = json->kept; *kept; kept++) {
		if (strncmp(*kept, key, len) == 0 && !(*kept)[len])
			return true;
	}
	return false;
}

void jsonw_key(struct jsonw *json, const char *key)
{
	if (json->kept && json->depth == json->kept_depth && !is_kept(json, key)) {
		json->is_skipping = true;
		json->skipped_from = json->out->len;
		json->had_items = json->has_items[json->depth];
	}
	before_value(json);
	text_printf(json->out, json->indent > 0 ? "\"%s\": " : "\"%s\":", key);
	json->after_key = true;
}

void jsonw_null(struct jsonw *json)
{
	before_value(json);
	text_add(json->out, "null");
	after_value(json);
}

void jsonw_bool(struct jsonw *json, bool value)
{
	before_value(json);
	text_add(json->out, value ? "true" : "false");
	after_value(json);
}

void jsonw_int(struct jsonw *json, int64_t value)
{
	before_value(json);
	text_printf(json->out, "%" PRId64, value);
	after_value(json);
}

void jsonw_uint(struct jsonw *json, uint64_t value)
{
	if (!is_known(value)) {
		jsonw_null(json);
		return;
	}
	before_value(json);
	text_printf(json->out, "%" PRIu64, value);
	after_value(json);
}

void jsonw_real(struct jsonw *json, double value, int decimals)
{
	if (!isfinite(value)) {
		jsonw_null(json);
		return;
	}
	before_value(json);
	text_printf(json->out, "%.*f", decimals, value);
	after_value(json);
}

void jsonw_string(struct jsonw *json, const char *s)
{
	if (s)
		jsonw_bytes(json, s, strlen(s));
	else
		jsonw_null(json);
}

static void add_character(struct text *out, const char *s, size_t n, uint32_t code)
{
	if (code == '"' || code == '\\')
		text_printf(out, "\\%c", (int)code);
	else if (code == '\n')
		text_add(out, "\\n");
	else if (code == '\t')
		text_add(out, "\\t");
	else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || safe_char_width(code) < 0)
		/* valid as it stands, but a terminal may be reading; beyond the first plane as a
		 * pair of surrogates */
		if (code > 0xffff)
			text_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
				    0xdc00 + ((code - 0x10000) & 0x3ff));
		else
			text_printf(out, "\\u%04x", (unsigned)code);
	else
		text_add_bytes(out, s, n);
}

bool jsonw_bytes(struct jsonw *json, const char *s, size_t len)
{
	bool is_whole = true;

	before_value(json);
	text_add_char(json->out, '"');
	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t n = safe_decode(s + i, len - i, &code);

		if (n > 0) {
			add_character(json->out, s + i, n, code);
			i += n;
		} else {
			text_add(json->out, "\xef\xbf\xbd");
			is_whole = false;
			i++;
		}
	}
	text_add_char(json->out, '"');
	after_value(json);
	return is_whole;
}

void jsonw_base64(struct jsonw *json, const void *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = bytes;

	before_value(json);
	text_add_char(json->out, '"');
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)from[i] << 16 |
				 (n > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
				 (n > 2 ? from[i + 2] : 0);

		for (size_t d = 0; d < 4; d++)
			text_add_char(json->out, d <= n ? digits[group >> (18 - 6 * d) & 63] : '=');
	}
	text_add_char(json->out, '"');
	after_value(json);
}
