#include "secret.h"

#include <ctype.h>
#include <string.h>

enum {
	PARTS_MAX = 16,
	WORD_MAX = 64,
	RANDOM_LEAST = 20,       /* characters of a mixed string without a break */
	RANDOM_DENSE_LEAST = 16, /* of one with capitals, small letters and digits */
	HEX_LEAST = 32,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Names ---- */

/* A name in small letters, with its last two parts: "--dbApiKey2" is db, api, key. */
struct name {
	char text[WORD_MAX];
	const char *last;
	const char *before;
};

static bool starts_part(const char *name, size_t i)
{
	return i > 0 && isupper((unsigned char)name[i]) &&
	       (islower((unsigned char)name[i - 1]) || isdigit((unsigned char)name[i - 1]));
}

/* False when it has no letters, or is too long to be a name. */
static bool split_name(const char *name, size_t len, struct name *split)
{
	size_t out = 0;
	bool is_open = false;

	/* digits at the end count nothing: password2 */
	while (len > 0 && !isalpha((unsigned char)name[len - 1]))
		len--;
	if (len == 0 || 2 * len + 2 > sizeof(split->text))
		return false;
	split->last = split->before = "";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!isalnum(c) || (is_open && starts_part(name, i))) {
			if (is_open)
				split->text[out++] = '\0';
			is_open = false;
		}
		if (!isalnum(c))
			continue;
		if (!is_open) {
			split->before = split->last;
			split->last = split->text + out;
		}
		is_open = true;
		split->text[out++] = (char)tolower(c);
	}
	split->text[out] = '\0';
	return true;
}

static bool is_in(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static bool ends_in(const char *word, const char *const *ends, size_t n)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < n; i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && strcmp(word + len - end, ends[i]) == 0)
			return true;
	}
	return false;
}

bool secret_is_name(const char *name, size_t len)
{
	static const char *const words[] = {
		"auth", "authorization", "bearer", "cookie", "credential", "credentials", "dsn",
		"jwt",  "otp",           "pass",   "pwd",    "sig",        "signature",   "secrets",
	};
	static const char *const ends[] = {
		"password", "passwd",  "passphrase",       "passcode",  "secret",
		"token",    "apikey",  "accesskey",        "secretkey", "privatekey",
		"authkey",  "sshpass", "connectionstring",
	};
	static const char *const of_key[] = {
		"access",     "account", "api",    "app",     "auth",
		"encryption", "license", "master", "private", "secret",
		"service",    "session", "shared", "signing", "storage",
	};
	struct name split;

	if (!split_name(name, len, &split))
		return false;
	/* the shell's own: a directory */
	if (len >= 3 && strncmp(name + len - 3, "PWD", 3) == 0 &&
	    (len == 3 || (len == 6 && strncmp(name, "OLD", 3) == 0)))
		return false;
	if (is_in(split.last, words, COUNT(words)) || ends_in(split.last, ends, COUNT(ends)))
		return true;
	if (strcmp(split.last, "key") == 0)
		return is_in(split.before, of_key, COUNT(of_key));
	return strcmp(split.last, "string") == 0 && strcmp(split.before, "connection") == 0;
}

bool secret_is_header(const char *name, size_t len)
{
	static const char *const words[] = {"authorization", "cookie"};
	struct name split;

	return split_name(name, len, &split) && is_in(split.last, words, COUNT(words));
}

/* ---- Forms ---- */

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Characters of tokens, and dots within. */
static size_t run_of(const char *s, size_t len, bool has_dots)
{
	size_t i = 0;

	while (i < len && (is_token_char(s[i]) || (has_dots && s[i] == '.')))
		i++;
	return i;
}

static size_t private_key_len(const char *s, size_t len)
{
	static const char begin[] = "-----BEGIN ";
	static const char end[] = "-----END ";
	const char *found;
	const char *eol;

	if (len < sizeof(begin) - 1 || memcmp(s, begin, sizeof(begin) - 1) != 0 ||
	    !memmem(s, len < 64 ? len : 64, "PRIVATE KEY", 11))
		return 0;
	found = memmem(s, len, end, sizeof(end) - 1);
	if (!found)
		return len;
	eol = memchr(found, '\n', len - (size_t)(found - s));
	return eol ? (size_t)(eol - s) : len;
}

size_t secret_token_len(const char *s, size_t len)
{
	/* how it begins, how long it is at least, whether it has dots */
	static const struct {
		const char *prefix;
		size_t least;
		bool has_dots;
	} tokens[] = {
		{"AKIA", 20, false},        {"ASIA", 20, false},     {"AIza", 35, false},
		{"SG.", 30, true},          {"atlasv1", 30, true},   {"dckr_pat_", 20, false},
		{"dop_v1_", 30, false},     {"eyJ", 20, true},       {"gh", 30, false},
		{"github_pat_", 30, false}, {"gldt-", 20, false},    {"glpat-", 20, false},
		{"glrt-", 20, false},       {"hf_", 20, false},      {"hvs.", 20, true},
		{"lin_api_", 20, false},    {"npm_", 30, false},     {"pk_live_", 20, false},
		{"pypi-", 30, false},       {"rk_live_", 20, false}, {"shpat_", 20, false},
		{"sk-", 20, false},         {"sk_live_", 20, false}, {"sk_test_", 20, false},
		{"whsec_", 20, false},      {"xapp-", 20, false},    {"xox", 20, false},
		{"ya29.", 20, true},
	};

	for (size_t i = 0; i < COUNT(tokens); i++) {
		size_t prefix = strlen(tokens[i].prefix);
		size_t run;

		if (len < tokens[i].least || strncmp(s, tokens[i].prefix, prefix) != 0)
			continue;
		run = run_of(s, len, tokens[i].has_dots);
		/* ghp_, gho_, ghs_ …; eyJ… is a token of three parts */
		if (run < tokens[i].least || (strcmp(tokens[i].prefix, "gh") == 0 && s[3] != '_') ||
		    (strcmp(tokens[i].prefix, "eyJ") == 0 && !memchr(s, '.', run)))
			continue;
		return run;
	}
	return private_key_len(s, len);
}

/* What a string is made of. */
struct makeup {
	size_t digits, upper, lower, others;
	size_t hex;         /* characters that a number in small hexadecimal digits has */
	size_t in_capitals; /* capitals before one or a digit: not those of CamelCase */
	size_t longest;     /* run of letters and digits */
	size_t changes;     /* between letters and digits, small and capital, in that run */
};

static int kind_of(char c)
{
	return isdigit((unsigned char)c)   ? 1
	       : isupper((unsigned char)c) ? 2
	       : islower((unsigned char)c) ? 3
					   : 0;
}

static struct makeup makeup_of(const char *s, size_t len)
{
	struct makeup makeup = {0};
	size_t run = 0;
	size_t changes = 0;

	for (size_t i = 0; i < len; i++) {
		int kind = kind_of(s[i]);

		makeup.digits += kind == 1;
		makeup.upper += kind == 2;
		makeup.lower += kind == 3;
		makeup.others += kind == 0;
		makeup.in_capitals += kind == 2 && i + 1 < len &&
				      (kind_of(s[i + 1]) == 1 || kind_of(s[i + 1]) == 2);
		makeup.hex += kind == 1 || (s[i] >= 'a' && s[i] <= 'f') || s[i] == '-';
		changes = kind != 0 && run > 0 ? changes + (kind != kind_of(s[i - 1])) : 0;
		run = kind != 0 ? run + 1 : 0;
		if (run > makeup.longest) {
			makeup.longest = run;
			makeup.changes = changes;
		}
	}
	return makeup;
}

bool secret_is_random(const char *s, size_t len)
{
	struct makeup makeup = makeup_of(s, len);
	size_t letters = makeup.upper + makeup.lower;

	/* a UUID, a digest, a key in hexadecimal */
	if (makeup.hex == len && len - makeup.others >= HEX_LEAST && makeup.digits >= 6 &&
	    letters >= 4)
		return true;
	if (makeup.digits < 2 || letters < 4)
		return false;
	if (makeup.longest >= RANDOM_LEAST && 4 * makeup.changes >= makeup.longest)
		return true;
	return makeup.longest >= RANDOM_DENSE_LEAST && makeup.upper >= 3 && makeup.lower >= 3 &&
	       5 * makeup.changes >= 2 * makeup.longest;
}

bool secret_is_base64(const char *s, size_t len)
{
	struct makeup makeup = makeup_of(s, len);

	return len >= 2 * RANDOM_LEAST && memchr(s, '/', len) && makeup.upper >= 6 &&
	       makeup.lower >= 6 && makeup.digits >= 1 && makeup.in_capitals >= 5;
}

/* ---- Short options ---- */

/* clang-format off */
static const struct {
	const char *program; /* its name begins so */
	const char *flag; /* "-*u": curl's other flags may stand before it, as in -fsSu */
	enum secret_value value;
} short_options[] = {
	{"7z",       "-p", SECRET_ATTACHED},
	{"curl",     "-*u", SECRET_NEXT_USER}, {"curl", "--user", SECRET_NEXT_USER},
	{"curl",     "-U", SECRET_NEXT_USER}, {"curl", "--proxy-user", SECRET_NEXT_USER},
	{"curl",     "-b", SECRET_NEXT},
	{"ftp",      "-u", SECRET_NEXT_USER},
	{"lftp",     "-u", SECRET_NEXT_USER},
	{"ipmitool", "-P", SECRET_NEXT},
	{"ldap",     "-w", SECRET_NEXT},
	{"login",    "-p", SECRET_NEXT}, /* of docker, podman, helm registry, az */
	{"mariadb",  "-p", SECRET_ATTACHED},
	{"mongo",    "-p", SECRET_NEXT},
	{"mosquitto_", "-P", SECRET_NEXT},
	{"mysql",    "-p", SECRET_ATTACHED},
	{"openssl",  "-k", SECRET_NEXT}, {"openssl", "-K", SECRET_NEXT},
	{"rar",      "-p", SECRET_ATTACHED},
	{"rdesktop", "-p", SECRET_NEXT},
	{"redis-cli", "-a", SECRET_NEXT},
	{"rpcclient", "-U", SECRET_NEXT_USER},
	{"smbclient", "-U", SECRET_NEXT_USER},
	{"snmp",     "-A", SECRET_NEXT}, {"snmp", "-X", SECRET_NEXT}, {"snmp", "-c", SECRET_NEXT},
	{"sqlcmd",   "-P", SECRET_NEXT},
	{"sshpass",  "-p", SECRET_NEXT},
	{"ssh-keygen", "-N", SECRET_NEXT}, {"ssh-keygen", "-P", SECRET_NEXT},
	{"unrar",    "-p", SECRET_ATTACHED},
	{"unzip",    "-P", SECRET_NEXT},
	{"valkey-cli", "-a", SECRET_NEXT},
	{"xfreerdp", "/p", SECRET_ATTACHED},
	{"zip",      "-P", SECRET_NEXT},
};
/* clang-format on */

static bool is_program(const char *program, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncmp(program, name, n) == 0;
}

bool secret_knows_program(const char *program, size_t len)
{
	for (size_t i = 0; i < COUNT(short_options); i++) {
		if (is_program(program, len, short_options[i].program))
			return true;
	}
	return false;
}

/* Bytes of the flag at the beginning of the option; 0: it is another. */
static size_t flag_length(const char *option, size_t len, const char *flag)
{
	static const char others[] = "0123456#BGIJLMNORSVafgijklnpqsv";
	size_t n = strlen(flag);
	size_t i = 1;

	if (flag[1] != '*')
		return len >= n && strncmp(option, flag, n) == 0 ? n : 0;
	while (i < len && strchr(others, option[i]))
		i++;
	return i < len && option[0] == flag[0] && option[i] == flag[2] ? i + 1 : 0;
}

enum secret_value secret_of_option(const char *program, size_t program_len, const char *option,
				   size_t len, size_t *flag_len)
{
	for (size_t i = 0; i < COUNT(short_options); i++) {
		size_t n;

		if (!is_program(program, program_len, short_options[i].program))
			continue;
		n = flag_length(option, len, short_options[i].flag);
		if (n == 0)
			continue;
		*flag_len = n;
		return short_options[i].value;
	}
	return SECRET_NONE;
}
