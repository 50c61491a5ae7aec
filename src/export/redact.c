/* Goes through a text word by word and masks what secret.h says. */
#include "clade/redact.h"

#include <ctype.h>
#include <string.h>

#include "secret.h"

enum {
	NAME_MAX_LEN = 128, /* what is longer is no name; it also bounds what is looked at twice */
	HOST_AHEAD = 256,
};

/* A text that is gone through. */
struct scan {
	const char *s;
	size_t len;
	size_t at;
	struct text *out;
	const struct redact_rules *rules;
	const char *program; /* the last one whose options are known; NULL: none */
	size_t program_len;
	bool is_argument;       /* one whole argument: a value goes to its end */
	bool is_path;           /* within a word that is a path */
	size_t dull_until;      /* up to here it was looked for base64 */
	enum secret_value next; /* how the next argument is a secret */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static char at(const struct scan *scan, size_t i)
{
	return i < scan->len ? scan->s[i] : '\0';
}

static void keep(struct scan *scan, size_t n)
{
	text_add_bytes(scan->out, scan->s + scan->at, n);
	scan->at += n;
}

/* What is no secret although it stands where one would: a variable, a yes or no. */
static bool is_harmless(const char *s, size_t len)
{
	static const char *const words[] = {"true", "false", "yes", "no", "none", "null", "***"};

	if (len == 0 || s[0] == '$')
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && strncasecmp(words[i], s, len) == 0)
			return true;
	}
	return false;
}

static void mask(struct scan *scan, size_t n)
{
	if (is_harmless(scan->s + scan->at, n)) {
		keep(scan, n);
		return;
	}
	text_add(scan->out, "***");
	scan->at += n;
}

static size_t end_of_word(const struct scan *scan, const char *ends)
{
	size_t i = scan->at;

	while (i < scan->len && !is_space(scan->s[i]) && !is_quote(scan->s[i]) &&
	       !strchr(ends, scan->s[i]))
		i++;
	return i;
}

/* What stands between quotes, or one word. */
static void mask_value(struct scan *scan)
{
	char quote = at(scan, scan->at);
	const char *close;

	if (!is_quote(quote)) {
		mask(scan, end_of_word(scan, ";&|") - scan->at);
		return;
	}
	keep(scan, 1);
	close = memchr(scan->s + scan->at, quote, scan->len - scan->at);
	mask(scan, close ? (size_t)(close - scan->s) - scan->at : scan->len - scan->at);
}

/* A header's value goes to the end of the line, of the quotes or of the argument. */
static void mask_line(struct scan *scan)
{
	size_t i = scan->at;

	while (i < scan->len && scan->s[i] != '\n' && scan->s[i] != '\0' && !is_quote(scan->s[i]))
		i++;
	mask(scan, i - scan->at);
}

/* "user:secret", "user%secret", "user,secret": the user stays. */
static void mask_behind_user(struct scan *scan, size_t end)
{
	size_t i = scan->at;

	while (i < end && !strchr(":%,", scan->s[i]))
		i++;
	if (i == end) {
		keep(scan, end - scan->at);
		return;
	}
	keep(scan, i + 1 - scan->at);
	mask(scan, end - scan->at);
}

static void keep_spaces(struct scan *scan)
{
	while (scan->at < scan->len && is_space(scan->s[scan->at]))
		keep(scan, 1);
}

/* "//user:secret@host": from the slashes; false when there are no credentials. */
static bool mask_authority(struct scan *scan)
{
	size_t end = scan->at;
	size_t sign = 0;
	const char *colon;
	size_t user;

	while (end < scan->len && !is_space(scan->s[end]) && !is_quote(scan->s[end]) &&
	       !strchr("/?#", scan->s[end])) {
		if (scan->s[end] == '@')
			sign = end;
		end++;
	}
	if (sign == 0)
		return false;
	colon = memchr(scan->s + scan->at, ':', sign - scan->at);
	user = colon ? (size_t)(colon - scan->s) + 1 - scan->at : 0;
	/* a user alone is no secret, a token in its place is */
	if (!colon && !secret_is_random(scan->s + scan->at, sign - scan->at) &&
	    secret_token_len(scan->s + scan->at, sign - scan->at) == 0)
		return false;
	keep(scan, user);
	mask(scan, sign - scan->at);
	return true;
}

/* "user:secret@host" without a scheme. */
static size_t secret_before_host(const struct scan *scan, size_t colon)
{
	size_t i = colon + 1;

	while (i < scan->len && i < colon + HOST_AHEAD && !is_space(scan->s[i]) &&
	       !is_quote(scan->s[i]) && !strchr("/@:=,", scan->s[i]))
		i++;
	return i > colon + 1 && at(scan, i) == '@' && isalnum((unsigned char)at(scan, i + 1))
		       ? i - colon - 1
		       : 0;
}

/* NAME=VALUE, NAME: VALUE, "NAME": VALUE. False when it is none of these, or no secret. */
static bool take_assignment(struct scan *scan, size_t name_len)
{
	const char *name = scan->s + scan->at;
	size_t i = scan->at + name_len;
	bool is_first = scan->at == 0;

	if (is_quote(at(scan, i)))
		i++;
	if (at(scan, i) == ' ' && (at(scan, i + 1) == ':' || at(scan, i + 1) == '='))
		i++;
	if ((at(scan, i) != '=' && at(scan, i) != ':') || !secret_is_name(name, name_len))
		return false;
	if (at(scan, i) == ':' && secret_is_header(name, name_len)) {
		keep(scan, i + 1 - scan->at);
		keep_spaces(scan);
		mask_line(scan);
		return true;
	}
	if (at(scan, i) == '=') {
		keep(scan, i + 1 - scan->at);
		if (is_first && scan->is_argument)
			mask(scan, scan->len - scan->at);
		else
			mask_value(scan);
		return true;
	}
	keep(scan, i + 1 - scan->at);
	keep_spaces(scan);
	mask_value(scan);
	return true;
}

/* --NAME VALUE within one text; when the text ends behind it the next argument is the value. */
static bool take_option(struct scan *scan, size_t name_len)
{
	const char *name = scan->s + scan->at;
	size_t behind = scan->at + name_len;
	bool is_whole = scan->is_argument && scan->at == 0; /* its value ends with the argument */
	size_t flag_len = 0;
	enum secret_value value;

	if ((name[0] != '-' && name[0] != '/') ||
	    (scan->at > 0 && is_name_char(at(scan, scan->at - 1))))
		return false;
	value = scan->program ? secret_of_option(scan->program, scan->program_len, name, name_len,
						 &flag_len)
			      : SECRET_NONE;
	if (value != SECRET_NONE &&
	    (flag_len < name_len || (behind < scan->len && strchr("=:", at(scan, behind))))) {
		char sign = at(scan, scan->at + flag_len);
		size_t end;

		keep(scan, flag_len + (sign == '=' || sign == ':'));
		end = is_whole ? scan->len : end_of_word(scan, ";&|");
		if (value == SECRET_NEXT_USER)
			mask_behind_user(scan, end);
		else
			mask(scan, end - scan->at);
		return true;
	}
	if (value == SECRET_NONE && name[0] == '-' && secret_is_name(name, name_len))
		value = SECRET_NEXT;
	if (value == SECRET_NONE || value == SECRET_ATTACHED)
		return false;
	if (behind >= scan->len) {
		scan->next = value;
		keep(scan, name_len);
		return true;
	}
	if (!is_space(at(scan, behind)))
		return false;
	keep(scan, name_len);
	keep_spaces(scan);
	if (at(scan, scan->at) == '-')
		return true;
	if (value == SECRET_NEXT_USER) {
		if (is_quote(at(scan, scan->at)))
			keep(scan, 1);
		mask_behind_user(scan, end_of_word(scan, ";&|"));
	} else {
		mask_value(scan);
	}
	return true;
}

static bool is_random_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '+';
}

/* Bytes of a random string from here; base64 may have slashes. */
static size_t random_len(const struct scan *scan, bool has_slashes)
{
	size_t i = scan->at;

	while (i < scan->len && (is_random_char(scan->s[i]) || (has_slashes && scan->s[i] == '/')))
		i++;
	for (int padding = 0; padding < 2 && i > scan->at && at(scan, i) == '='; padding++)
		i++;
	return i - scan->at;
}

static bool is_digest(const struct scan *scan)
{
	return scan->at >= 7 && strncmp(scan->s + scan->at - 7, "sha256:", 7) == 0;
}

static bool take_random(struct scan *scan)
{
	const struct redact_rules *rules = scan->rules;
	const char *s = scan->s + scan->at;
	size_t len;

	/* each string is looked at once, from its beginning */
	if (scan->at > 0 && is_random_char(s[-1]))
		return false;
	len = secret_token_len(s, scan->len - scan->at);
	if (len > 0) {
		mask(scan, len);
		return true;
	}
	if (rules->keeps_random || scan->is_path || is_digest(scan))
		return false;
	len = random_len(scan, false);
	if (rules->is_id && rules->is_id(rules->context, s, len)) {
		keep(scan, len);
		return true;
	}
	if (!secret_is_random(s, len)) {
		if (scan->at < scan->dull_until)
			return false;
		len = random_len(scan, true);
		scan->dull_until = scan->at + len;
		if (!secret_is_base64(s, len))
			return false;
	}
	mask(scan, len);
	return true;
}

/* Bearer and what authorises. */
static bool take_bearer(struct scan *scan, size_t name_len)
{
	if (name_len != 6 || strncasecmp(scan->s + scan->at, "bearer", 6) != 0 ||
	    at(scan, scan->at + 6) != ' ')
		return false;
	keep(scan, name_len + 1);
	keep_spaces(scan);
	mask_value(scan);
	return true;
}

static void note_program(struct scan *scan, const char *word, size_t len)
{
	const char *slash = memrchr(word, '/', len);

	if (slash) {
		len -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	if (secret_knows_program(word, len)) {
		scan->program = word;
		scan->program_len = len;
	}
}

/* At the beginning of a word, or of a part of one. */
static void take_word(struct scan *scan)
{
	size_t name_len = 0;
	size_t secret;

	/* "/p:secret", "?token=secret": the mark belongs to the name */
	if (!is_name_char(at(scan, scan->at)))
		name_len = 1;
	while (name_len < NAME_MAX_LEN && is_name_char(at(scan, scan->at + name_len)))
		name_len++;
	if (at(scan, scan->at + name_len) == ':' && at(scan, scan->at + name_len + 1) == '/' &&
	    at(scan, scan->at + name_len + 2) == '/') {
		keep(scan, name_len + 3);
		mask_authority(scan);
		return;
	}
	if (take_assignment(scan, name_len) || take_option(scan, name_len) ||
	    take_bearer(scan, name_len) || take_random(scan))
		return;
	secret = at(scan, scan->at + name_len) == ':' && name_len > 0
			 ? secret_before_host(scan, scan->at + name_len)
			 : 0;
	if (secret > 0) {
		keep(scan, name_len + 1);
		mask(scan, secret);
		return;
	}
	name_len = 0;
	while (isalnum((unsigned char)at(scan, scan->at + name_len)))
		name_len++;
	keep(scan, name_len > 0 ? name_len : 1);
}

static void scan_all(struct scan *scan)
{
	bool is_word = true; /* one begins here */

	while (scan->at < scan->len) {
		char c = scan->s[scan->at];

		if (is_space(c) || is_quote(c)) {
			is_word = true;
			keep(scan, 1);
			continue;
		}
		if (is_word) {
			scan->is_path = c == '/' || c == '~' ||
					(c == '.' && (at(scan, scan->at + 1) == '/' ||
						      at(scan, scan->at + 1) == '.'));
			note_program(scan, scan->s + scan->at, end_of_word(scan, "=") - scan->at);
		}
		is_word = false;
		take_word(scan);
	}
}

void redact_add(struct text *out, const char *s, size_t len, const struct redact_rules *rules)
{
	struct scan scan = {.s = s, .len = len, .out = out, .rules = rules};

	scan_all(&scan);
}

/* "-c", "-lc", "-e", "--eval": what follows is a text of its own. */
static bool is_script_option(const char *arg, size_t len)
{
	return (len >= 2 && arg[0] == '-' && arg[1] != '-' && strchr("ce", arg[len - 1])) ||
	       strcmp(arg, "--eval") == 0 || strcmp(arg, "--command") == 0;
}

void redact_add_argv(struct text *out, const char *argv, size_t len,
		     const struct redact_rules *rules)
{
	struct scan scan = {.out = out, .rules = rules};
	bool is_script = false;

	for (size_t i = 0; i < len;) {
		enum secret_value value = scan.next;

		scan.s = argv + i;
		scan.len = strnlen(scan.s, len - i);
		scan.at = 0;
		scan.next = SECRET_NONE;
		scan.is_argument = !is_script;
		if (value == SECRET_NEXT_USER)
			mask_behind_user(&scan, scan.len);
		else if (value == SECRET_NEXT && scan.s[0] != '-')
			mask(&scan, scan.len);
		else
			scan_all(&scan);
		is_script = is_script_option(scan.s, scan.len);
		text_add_char(out, '\0');
		i += scan.len + 1;
	}
}
