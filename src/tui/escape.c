#include "escape.h"

#include <stddef.h>

#include "keys.h"

enum {
	ESC = 0x1b,
	BELL = 0x07,
	GAP_MS = 500, /* a sequence that has not gone on for so long does not any more */
	NUMBER_MOST = 9999,
	OLD_MOUSE_BYTES = 3, /* ESC [ M, then the button and the place */
};

enum {
	OUTSIDE,
	AFTER_ESC,       /* not known yet whether a key or a sequence */
	AFTER_KEY,       /* it was taken for a key; the rest of a slow sequence may follow */
	LATE_INTRODUCER, /* what could be it has come */
	IN_CSI,          /* ESC [ 4 ~ */
	AFTER_BRACKET,   /* ESC [ [ A: F1 of the Linux console */
	IN_SS3,          /* ESC O F */
	IN_OSC,          /* ESC ] 11;rgb:0/0/0 BEL: what a terminal answers to somebody else */
	IN_OSC_ESC,      /* the first half of its other end, ESC \ */
};

struct meaning {
	uint32_t code;
	uint32_t key;
};

static uint32_t find(const struct meaning *meanings, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++) {
		if (meanings[i].code == code)
			return meanings[i].key;
	}
	return KEY_CODE_NONE;
}

/* ESC [ A and ESC O A alike; ESC O P is F1. */
static uint32_t key_of_letter(uint32_t letter)
{
	static const struct meaning letters[] = {
		{'A', KEY_CODE_UP},    {'B', KEY_CODE_DOWN}, {'C', KEY_CODE_RIGHT},
		{'D', KEY_CODE_LEFT},  {'F', KEY_CODE_END},  {'H', KEY_CODE_HOME},
		{'M', KEY_CODE_ENTER}, {'P', KEY_CODE_F1},   {'Q', KEY_CODE_F2},
		{'R', KEY_CODE_F3},    {'S', KEY_CODE_F4},
	};

	return find(letters, sizeof(letters) / sizeof(letters[0]), letter);
}

/* ESC [ 4 ~ */
static uint32_t key_of_number(unsigned number)
{
	static const struct meaning numbers[] = {
		{1, KEY_CODE_HOME}, {2, KEY_CODE_INSERT},  {3, KEY_CODE_DELETE},
		{4, KEY_CODE_END},  {5, KEY_CODE_PAGE_UP}, {6, KEY_CODE_PAGE_DOWN},
		{7, KEY_CODE_HOME}, {8, KEY_CODE_END},     {11, KEY_CODE_F1},
		{12, KEY_CODE_F2},  {13, KEY_CODE_F3},     {14, KEY_CODE_F4},
		{15, KEY_CODE_F5},  {17, KEY_CODE_F6},     {18, KEY_CODE_F7},
		{19, KEY_CODE_F8},  {20, KEY_CODE_F9},     {21, KEY_CODE_F10},
		{23, KEY_CODE_F11}, {24, KEY_CODE_F12},
	};

	return find(numbers, sizeof(numbers) / sizeof(numbers[0]), number);
}

static enum escape_answer end(struct escape *escape, uint32_t found, uint32_t *key)
{
	escape->state = OUTSIDE;
	if (found == KEY_CODE_NONE)
		return ESCAPE_NOTHING;
	*key = found;
	return ESCAPE_KEY;
}

/* Begins what an introducer begins; false when it is none. */
static bool introduce(struct escape *escape, uint32_t code)
{
	switch (code) {
	case '[':
		escape->state = IN_CSI;
		break;
	case 'O':
		escape->state = IN_SS3;
		break;
	case ']':
		escape->state = IN_OSC;
		break;
	default:
		return false;
	}
	escape->number = 0;
	escape->is_plain = true;
	escape->skip = 0;
	return true;
}

/* A key outside of sequences, or the beginning of one. */
static enum escape_answer begin(struct escape *escape, uint32_t code, uint32_t *key)
{
	if (code == ESC) {
		escape->state = AFTER_ESC;
		return ESCAPE_NOTHING;
	}
	return end(escape, code, key);
}

static enum escape_answer finish_csi(struct escape *escape, uint32_t code, uint32_t *key)
{
	bool has_number = escape->number > 0;

	if (code == '[' && !has_number && escape->is_plain) {
		escape->state = AFTER_BRACKET;
		return ESCAPE_NOTHING;
	}
	if (code == 'M' && !has_number && escape->is_plain) {
		escape->skip = OLD_MOUSE_BYTES;
		return ESCAPE_NOTHING;
	}
	if (code == '~' && escape->is_plain)
		return end(escape, key_of_number(escape->number), key);
	/* with a modifier or whatever else it is another key, which nothing is bound to */
	return end(escape, has_number || !escape->is_plain ? KEY_CODE_NONE : key_of_letter(code),
		   key);
}

static enum escape_answer take_csi(struct escape *escape, uint32_t code, uint32_t *key)
{
	if (code < ' ' || code > '~')
		return begin(escape, code, key); /* no sequence has that: it was cut off */
	if (code >= '@')
		return finish_csi(escape, code, key);
	if (code >= '0' && code <= '9' && escape->number <= NUMBER_MOST)
		escape->number = 10 * escape->number + (code - '0');
	else
		escape->is_plain = false;
	return ESCAPE_NOTHING;
}

/* ESC O F; some put a modifier before the letter. */
static enum escape_answer take_ss3(struct escape *escape, uint32_t code, uint32_t *key)
{
	if (code < ' ' || code > '~')
		return begin(escape, code, key);
	if (code < '@') {
		escape->is_plain = false;
		return ESCAPE_NOTHING;
	}
	return end(escape, escape->is_plain ? key_of_letter(code) : KEY_CODE_NONE, key);
}

static enum escape_answer take_osc(struct escape *escape, uint32_t code)
{
	bool is_over = code == BELL || (escape->state == IN_OSC_ESC && code == '\\');

	escape->state = is_over ? OUTSIDE : code == ESC ? IN_OSC_ESC : IN_OSC;
	return ESCAPE_NOTHING;
}

/* Behind Esc: a sequence, or two keys. */
static enum escape_answer take_after_esc(struct escape *escape, uint32_t code, uint32_t *key)
{
	if (introduce(escape, code))
		return ESCAPE_NOTHING;
	escape->state = OUTSIDE;
	*key = KEY_CODE_ESCAPE;
	return ESCAPE_AGAIN;
}

enum escape_answer escape_take(struct escape *escape, uint32_t code, uint64_t now_ms, uint32_t *key)
{
	bool is_late = now_ms > escape->last_ms + GAP_MS;

	escape->last_ms = now_ms;
	if (is_late && escape->state != AFTER_ESC)
		escape->state = OUTSIDE;
	if (escape->skip > 0 && escape->state == IN_CSI) {
		if (--escape->skip == 0)
			escape->state = OUTSIDE;
		return ESCAPE_NOTHING;
	}
	switch (escape->state) {
	case AFTER_ESC:
		return take_after_esc(escape, code, key);
	case AFTER_KEY:
		if (code != '[' && code != 'O')
			return begin(escape, code, key);
		escape->state = LATE_INTRODUCER;
		escape->introducer = code;
		return ESCAPE_NOTHING;
	case LATE_INTRODUCER:
		introduce(escape, escape->introducer);
		return escape_take(escape, code, now_ms, key);
	case IN_CSI:
		return take_csi(escape, code, key);
	case AFTER_BRACKET:
		return end(escape, KEY_CODE_NONE, key);
	case IN_SS3:
		return take_ss3(escape, code, key);
	case IN_OSC:
	case IN_OSC_ESC:
		return take_osc(escape, code);
	default:
		return begin(escape, code, key);
	}
}

bool escape_rest(struct escape *escape, uint64_t now_ms, uint32_t *key)
{
	switch (escape->state) {
	case AFTER_ESC:
		*key = KEY_CODE_ESCAPE;
		escape->state = AFTER_KEY;
		escape->last_ms = now_ms;
		return true;
	case LATE_INTRODUCER:
		*key = escape->introducer;
		escape->state = OUTSIDE;
		return true;
	default:
		return false;
	}
}
