/* What becomes of sequences that a terminal sends and curses does not know. */
#include "clade/text.h"
#include "suite.h"
#include "tui/escape.h"
#include "tui/keys.h"

enum { SLOW_MS = 300, TOO_SLOW_MS = 2000 };

/* The keys that characters make, in words. '_' is a pause as a slow line makes it, '|' one that no
 * sequence outlives. */
static const char *keys_of(const char *typed)
{
	static struct text words;
	struct escape escape = {0};
	uint64_t now_ms = TOO_SLOW_MS;
	uint32_t key;

	text_clear(&words);
	text_add(&words, "");
	for (const char *at = typed; at[0]; at++) {
		enum escape_answer answer = ESCAPE_AGAIN;

		if (*at == '_' || *at == '|') {
			if (escape_rest(&escape, now_ms, &key))
				key_add_name(&words, key);
			now_ms += *at == '_' ? SLOW_MS : TOO_SLOW_MS;
			continue;
		}
		while (answer == ESCAPE_AGAIN) {
			answer = escape_take(&escape, (unsigned char)*at, now_ms, &key);
			if (answer != ESCAPE_NOTHING)
				key_add_name(&words, key);
		}
	}
	if (escape_rest(&escape, now_ms, &key))
		key_add_name(&words, key);
	return text_str(&words);
}

static void what_curses_does_not_know_is_still_its_key(void **state)
{
	(void)state;
	assert_string_equal(keys_of("\033[4~"), "End");
	assert_string_equal(keys_of("\033[1~"), "Home");
	assert_string_equal(keys_of("\033[H\033[F\033OH\033OF"), "HomeEndHomeEnd");
	assert_string_equal(keys_of("\033[A\033OB\033[C\033OD"), "UpDownRightLeft");
	assert_string_equal(keys_of("\033[5~\033[6~\033[2~\033[3~"), "PgUpPgDnInsDel");
	assert_string_equal(keys_of("\033OP\033[11~\033[15~\033[24~"), "F1F1F5F12");
	assert_string_equal(keys_of("\033OM"), "Enter");
}

static void what_nobody_knows_is_no_key(void **state)
{
	(void)state;
	assert_string_equal(keys_of("\033[99~q"), "q");
	assert_string_equal(keys_of("\033[1;5Aq"), "q"); /* Ctrl-Up */
	assert_string_equal(keys_of("\033[3;2~q"), "q");
	assert_string_equal(keys_of("\033[57399uq"), "q");
	assert_string_equal(keys_of("\033[?1;2cq"), "q");
	assert_string_equal(keys_of("\033[<0;10;12Mq"), "q");
	assert_string_equal(keys_of("\033[M !!q"), "q");
	assert_string_equal(keys_of("\033[[Aq"), "q");
	assert_string_equal(keys_of("\033[200~q"), "q");
	assert_string_equal(keys_of("\033O5Pq\033Oxq"), "qq");
	assert_string_equal(keys_of("\033]11;rgb:0000/0000/0000\033\\q"), "q");
	assert_string_equal(keys_of("\033]10;kill\aq"), "q");
	assert_string_equal(keys_of("\033[99999999999999999999~q"), "q");
}

static void what_comes_apart_is_one_key(void **state)
{
	(void)state;
	assert_string_equal(keys_of("\033[_4~"), "End");
	assert_string_equal(keys_of("\033[4_~"), "End");
	assert_string_equal(keys_of("\033O_F"), "End");
	assert_string_equal(keys_of("\033[9_9_~q"), "q");
	/* so slow that Esc was taken for a key: the rest is none */
	assert_string_equal(keys_of("\033_[99~q"), "Escq");
	assert_string_equal(keys_of("\033_OZq"), "Escq");
}

static void esc_is_a_key(void **state)
{
	(void)state;
	assert_string_equal(keys_of("\033"), "Esc");
	assert_string_equal(keys_of("\033\033"), "EscEsc");
	assert_string_equal(keys_of("\033q"), "Escq");
	assert_string_equal(keys_of("\033_k"), "Esck");
	assert_string_equal(keys_of("\033\033[4~"), "EscEnd");
	/* typed by a person */
	assert_string_equal(keys_of("\033_[_4"), "Esc[4");
	assert_string_equal(keys_of("\033|[4"), "Esc[4");
	assert_string_equal(keys_of("\033|O"), "EscO");
}

static void a_sequence_that_does_not_end_costs_no_later_key(void **state)
{
	(void)state;
	assert_string_equal(keys_of("\033[4|q"), "q");
	assert_string_equal(keys_of("\033[|q"), "q");
	assert_string_equal(keys_of("\033O|q"), "q");
	assert_string_equal(keys_of("\033]11;rgb|q"), "q");
	assert_string_equal(keys_of("\033[12\033[4~"), "End");
	assert_string_equal(keys_of("\033[12\033"), "Esc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_curses_does_not_know_is_still_its_key),
		cmocka_unit_test(what_nobody_knows_is_no_key),
		cmocka_unit_test(what_comes_apart_is_one_key),
		cmocka_unit_test(esc_is_a_key),
		cmocka_unit_test(a_sequence_that_does_not_end_costs_no_later_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
