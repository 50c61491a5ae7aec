#include "wire.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/safe.h"

enum { ARGUMENTS_MAX = 15, MESSAGE_MAX = 300 };

/* ---- HTTP ---------------------------------------------------------------------------------------
 */

void wire_add_http(struct text *out, const char *method, const char *path, const char *body)
{
	text_printf(out, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method,
		    path);
	if (body)
		text_add(out, "Content-Type: text/xml\r\n");
	text_printf(out, "Content-Length: %zu\r\n\r\n%s", body ? strlen(body) : 0,
		    body ? body : "");
}

void wire_add_container_stop(struct text *out, const char *id, double grace_s)
{
	struct text path = {0};

	text_printf(&path, "/containers/%s/stop?t=%.0f", id, grace_s);
	wire_add_http(out, "POST", text_str(&path), NULL);
	text_done(&path);
}

static void add_xml(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<' || *s == '>' || *s == '&')
			text_printf(out, "&#%d;", *s);
		else
			text_add_char(out, *s);
	}
}

void wire_add_supervisord_stop(struct text *out, const char *name)
{
	struct text body = {0};

	text_add(&body, "<?xml version=\"1.0\"?><methodCall>"
			"<methodName>supervisor.stopProcess</methodName>"
			"<params><param><value><string>");
	add_xml(&body, name);
	text_add(&body, "</string></value></param></params></methodCall>");
	wire_add_http(out, "POST", "/RPC2", text_str(&body));
	text_done(&body);
}

static void say(struct text *message, const char *s, size_t len)
{
	text_clear(message);
	safe_add(message, s, len < MESSAGE_MAX ? len : MESSAGE_MAX);
}

/* {"message":"No such container: 5e6e"}, perhaps in one chunk with its length before it. */
static bool say_json(const char *body, size_t len, struct text *message)
{
	const char *start = memchr(body, '{', len);
	json_t *document = start ? json_loadb(start, len - (size_t)(start - body),
					      JSON_DISABLE_EOF_CHECK, NULL)
				 : NULL;
	const char *words = json_string_value(json_object_get(document, "message"));

	if (words)
		say(message, words, strlen(words));
	json_decref(document);
	return words != NULL;
}

/* <name>faultString</name><value><string>BAD_NAME: shop</string></value> */
static bool say_fault(const char *body, size_t len, struct text *message)
{
	static const char before[] = "<name>faultString</name>";
	const char *end = body + len;
	const char *at = memmem(body, len, before, strlen(before));
	const char *stop;

	at = at ? memmem(at, (size_t)(end - at), "<string>", 8) : NULL;
	if (!at)
		return false;
	at += 8;
	stop = memchr(at, '<', (size_t)(end - at));
	say(message, at, (size_t)((stop ? stop : end) - at));
	return true;
}

/* HTTP/1.1 404 Not Found\r\n… */
int wire_parse_http(const char *bytes, size_t len, struct text *message)
{
	const char *line_end = memmem(bytes, len, "\r\n", 2);
	const char *body = memmem(bytes, len, "\r\n\r\n", 4);
	size_t body_len;
	int status = 0;

	if (!line_end || !body || len < 12 || memcmp(bytes, "HTTP/1.", 7) != 0 || bytes[8] != ' ')
		return -EBADMSG;
	for (int i = 9; i < 12; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return -EBADMSG;
		status = 10 * status + bytes[i] - '0';
	}
	body += 4;
	body_len = len - (size_t)(body - bytes);
	if (say_fault(body, body_len, message))
		return 500; /* XML-RPC says 200 to everything */
	if (!say_json(body, body_len, message) && line_end - bytes > 13)
		say(message, bytes + 13, (size_t)(line_end - bytes) - 13);
	return status;
}

/* ---- AMP ----------------------------------------------------------------------------------------
 */

/* One byte 0x1N, N arguments; before each its length, 4 bytes, most significant first. */
static void add_argument(struct text *out, const char *bytes, size_t len)
{
	const char length[4] = {(char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};

	text_add_bytes(out, length, sizeof(length));
	text_add_bytes(out, bytes, len);
}

void wire_add_pm2_call(struct text *out, const char *method, const char *number)
{
	struct text call = {0};

	text_printf(&call, "j:{\"type\":\"call\",\"method\":\"%s\",\"args\":[%s]}", method, number);
	text_add_char(out, 0x12);
	add_argument(out, text_str(&call), call.len);
	add_argument(out, "1:0", 3);
	text_done(&call);
}

static uint32_t length_at(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* j:{"args":[{…}]} or j:{"error":"9999 id unknown","stack":"…"} */
static int judge_pm2(const char *json, size_t len, struct text *message)
{
	json_t *document = json_loadb(json, len, 0, NULL);
	json_t *error = json_object_get(document, "error");
	int rc = 0;

	if (!json_is_object(document)) {
		rc = -EBADMSG;
	} else if (json_is_string(error)) {
		say(message, json_string_value(error), strlen(json_string_value(error)));
		rc = -EREMOTEIO;
	} else if (error && !json_is_null(error)) {
		say(message, "it says that it failed", 22);
		rc = -EREMOTEIO;
	} else if (!json_is_array(json_object_get(document, "args"))) {
		rc = -EBADMSG;
	}
	json_decref(document);
	return rc;
}

int wire_parse_pm2(const char *bytes, size_t len, struct text *message)
{
	const char *json = NULL;
	size_t json_len = 0;
	size_t at = 1;
	int n;

	if (len == 0)
		return -EAGAIN;
	n = bytes[0] & 0x0f;
	if ((bytes[0] & 0xf0) != 0x10 || n == 0 || n > ARGUMENTS_MAX)
		return -EBADMSG;
	for (int i = 0; i < n; i++) {
		size_t size;

		if (len - at < 4)
			return -EAGAIN;
		size = length_at(bytes + at);
		at += 4;
		if (len - at < size)
			return -EAGAIN;
		if (!json && size > 2 && memcmp(bytes + at, "j:", 2) == 0) {
			json = bytes + at + 2;
			json_len = size - 2;
		}
		at += size;
	}
	return json ? judge_pm2(json, json_len, message) : -EBADMSG;
}
