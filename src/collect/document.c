#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

enum {
	DEPTH_MOST = 32,        /* of a value; ours have five */
	STRING_MOST = 32 << 20, /* arguments of 4 MB, escaped, are 24 */
	VALUE_MOST = 64 << 20,  /* of a value outside of the arrays, or an object in one */
};

/* What comes next, blanks apart. */
enum place {
	AT_START,      /* { */
	AT_FIRST_KEY,  /* " or } */
	AT_KEY,        /* " */
	AT_COLON,      /* : */
	AT_VALUE,      /* anything; [ opens an array whose items are read one by one */
	AT_FIRST_ITEM, /* anything or ] */
	AT_ITEM,       /* anything */
	IN_VALUE,      /* more of a key, a value or an item */
	AFTER_ITEM,    /* , or ] */
	AFTER_VALUE,   /* , or } */
	AT_END,        /* nothing */
};

typedef int take_object(struct state *state, const json_t *object, struct text *error);

static const struct {
	const char *key;
	take_object *take;
} arrays[] = {
	{"owners", state_take_owner},
	{"cgroups", state_take_cgroup},
	{"processes", state_take_process},
};

struct document {
	struct state *state;
	json_t *head; /* all values but what is in arrays, which are there as empty ones */
	enum place place;
	enum place before; /* where the value that we are in began */
	struct text key;
	struct text value; /* what is there of it */
	size_t item;       /* of the array */
	int line, value_line;
	int depth; /* in the value */
	size_t string_len;
	bool is_in_string, is_escaped;
};

struct document *document_new(struct state *state)
{
	struct document *document = calloc(1, sizeof(*document));

	if (!document)
		return NULL;
	document->head = json_object();
	if (!document->head) {
		free(document);
		return NULL;
	}
	document->state = state;
	document->line = 1;
	state_begin(state, true);
	return document;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	json_decref(document->head);
	text_done(&document->key);
	text_done(&document->value);
	free(document);
}

static int refuse(const struct document *document, const char *why, struct text *error)
{
	text_printf(error, "line %d: %s", document->line, why);
	return -EINVAL;
}

/* ---- Values that are whole ---- */

static int parse_value(const struct document *document, json_t **value, struct text *error)
{
	json_error_t wrong;

	*value = json_loadb(text_str(&document->value), document->value.len,
			    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
	if (*value)
		return 0;
	if (json_error_code(&wrong) == json_error_out_of_memory)
		return -ENOMEM;
	text_printf(error, "line %d: %s", document->value_line + wrong.line - 1, wrong.text);
	return -EINVAL;
}

static int take_key(struct document *document, const json_t *key, struct text *error)
{
	if (!json_is_string(key))
		return refuse(document, "string expected as a key", error);
	text_clear(&document->key);
	text_add(&document->key, json_string_value(key));
	if (json_object_get(document->head, text_str(&document->key)))
		return refuse(document, "duplicate object key", error);
	return 0;
}

static int put_head(struct document *document, json_t *value)
{
	return json_object_set_new(document->head, text_str(&document->key), value) == 0 ? 0
											 : -ENOMEM;
}

/* A mistake is told with its place: "processes[3]: no pid". */
static int take_item(struct document *document, json_t *item, struct text *error)
{
	const char *key = text_str(&document->key);
	struct text wrong = {0};
	int rc = 0;

	if (strcmp(key, "notes") == 0)
		rc = json_array_append(json_object_get(document->head, key), item) == 0 ? 0
											: -ENOMEM;
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		if (strcmp(key, arrays[i].key) == 0)
			rc = arrays[i].take(document->state, item, &wrong);
	}
	if (rc != 0 && wrong.len > 0)
		text_printf(error, "%s[%zu]: %s", key, document->item, text_str(&wrong));
	text_done(&wrong);
	document->item++;
	return rc;
}

/* The value is whole: it was begun as a key, a value or an item. */
static int take_value(struct document *document, struct text *error)
{
	json_t *value;
	int rc = parse_value(document, &value, error);

	text_clear(&document->value);
	if (rc != 0)
		return rc;
	switch (document->before) {
	case AT_FIRST_KEY:
	case AT_KEY:
		rc = take_key(document, value, error);
		document->place = AT_COLON;
		break;
	case AT_VALUE:
		rc = put_head(document, json_incref(value));
		document->place = AFTER_VALUE;
		break;
	default:
		rc = take_item(document, value, error);
		document->place = AFTER_ITEM;
	}
	json_decref(value);
	return rc;
}

/* ---- Bytes ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void step_in_string(struct document *document, char c)
{
	document->string_len++;
	if (document->is_escaped)
		document->is_escaped = false;
	else if (c == '\\')
		document->is_escaped = true;
	else if (c == '"')
		document->is_in_string = false;
}

/* One byte of a value that is in no string. Returns whether it belongs to it. */
static bool step_outside(struct document *document, char c)
{
	bool is_close = c == '}' || c == ']';

	if (document->depth == 0 && (is_close || c == ',' || c == ':' || is_blank(c)))
		return false;
	if (c == '"') {
		document->is_in_string = true;
		document->string_len = 0;
	}
	document->depth += (c == '{' || c == '[') - is_close;
	return true;
}

static int check_limits(const struct document *document, size_t more, struct text *error)
{
	if (document->depth > DEPTH_MOST)
		return refuse(document, "nested deeper than 32 levels", error);
	if (document->string_len > STRING_MOST)
		return refuse(document, "a string longer than 32 MB", error);
	if (document->value.len + more > VALUE_MOST)
		return refuse(document, "a value larger than 64 MB", error);
	return 0;
}

/* Goes on in a value. Returns how many bytes it took, or -errno. */
static ssize_t scan_value(struct document *document, const char *bytes, size_t len,
			  struct text *error)
{
	bool is_whole = false;
	size_t i = 0;
	int rc = 0;

	while (i < len && !is_whole && rc == 0) {
		if (document->is_in_string) {
			step_in_string(document, bytes[i]);
			is_whole = !document->is_in_string && document->depth == 0;
		} else if (step_outside(document, bytes[i])) {
			is_whole = document->depth == 0 && (bytes[i] == '}' || bytes[i] == ']');
		} else {
			is_whole = true;
			break;
		}
		document->line += bytes[i++] == '\n';
		rc = check_limits(document, i, error);
	}
	text_add_bytes(&document->value, bytes, i);
	if (rc == 0 && is_whole)
		rc = take_value(document, error);
	return rc == 0 ? (ssize_t)i : rc;
}

static void begin_value(struct document *document)
{
	document->before = document->place;
	document->place = IN_VALUE;
	document->value_line = document->line;
	document->depth = 0;
	document->string_len = 0;
}

static int begin_array(struct document *document, struct text *error)
{
	int rc = 0;

	/* what is none of ours is said before its contents are */
	if (json_object_get(document->head, "format"))
		rc = state_check_document(document->head, error);
	document->item = 0;
	document->place = AT_FIRST_ITEM;
	return rc == 0 ? put_head(document, json_array()) : rc;
}

/* A byte that is no blank, between values. Returns 1 when it was taken, 0 when a value begins with
 * it, or -errno. */
static int step_between(struct document *document, char c, struct text *error)
{
	enum place place = document->place;
	bool has_more = c == ',' && (place == AFTER_ITEM || place == AFTER_VALUE);
	bool is_end = (c == ']' && (place == AFTER_ITEM || place == AT_FIRST_ITEM)) ||
		      (c == '}' && (place == AFTER_VALUE || place == AT_FIRST_KEY));
	int rc;

	if (place == AT_START && c != '{') {
		text_add(error, "not a snapshot of clade: no object");
		return -EINVAL;
	}
	if (place == AT_START)
		document->place = AT_FIRST_KEY;
	else if (place == AT_COLON && c == ':')
		document->place = AT_VALUE;
	else if (has_more)
		document->place = place == AFTER_ITEM ? AT_ITEM : AT_KEY;
	else if (is_end)
		document->place = c == ']' ? AFTER_VALUE : AT_END;
	else if (place == AT_VALUE && c == '[') {
		rc = begin_array(document, error);
		return rc == 0 ? 1 : rc;
	} else if (place == AT_COLON || place == AFTER_ITEM || place == AFTER_VALUE ||
		   place == AT_END || ((place == AT_KEY || place == AT_FIRST_KEY) && c != '"')) {
		text_printf(error, "line %d: unexpected '%c'", document->line,
			    c > ' ' && c < 0x7f ? c : '?');
		return -EINVAL;
	} else {
		begin_value(document);
		return 0;
	}
	return 1;
}

int document_take(struct document *document, const char *bytes, size_t len, struct text *error)
{
	for (size_t i = 0; i < len;) {
		ssize_t n = 1;

		if (document->place == IN_VALUE)
			n = scan_value(document, bytes + i, len - i, error);
		else if (is_blank(bytes[i]))
			document->line += bytes[i] == '\n';
		else
			n = step_between(document, bytes[i], error);
		if (n < 0)
			return (int)n;
		i += (size_t)n;
	}
	return 0;
}

int document_end(struct document *document, struct text *error)
{
	int rc;

	if (document->place != AT_END)
		return refuse(document, "it ends too early", error);
	rc = state_take_document(document->state, document->head, error);
	if (rc == 0 && !json_is_array(json_object_get(document->head, "processes"))) {
		text_add(error, "no processes");
		rc = -EINVAL;
	}
	return rc == 0 ? state_take_notes(document->state, json_object_get(document->head, "notes"))
		       : rc;
}
