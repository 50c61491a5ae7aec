/* Memory, text, safe text, units, files, JSON. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/arena.h"
#include "clade/aside.h"
#include "clade/ini.h"
#include "clade/io.h"
#include "clade/jsonw.h"
#include "clade/safe.h"
#include "clade/text.h"
#include "clade/units.h"
#include "clade/users.h"
#include "suite.h"

/* ---- Safe text ---- */

static void expect_safe(const char *bytes, size_t len, const char *want)
{
	struct text out = {0};

	safe_add(&out, bytes, len);
	assert_string_equal(text_str(&out), want);
	text_done(&out);
}

#define EXPECT_SAFE(bytes, want) expect_safe(bytes, sizeof(bytes) - 1, want)

static void what_can_be_printed_passes_unchanged(void **state)
{
	(void)state;
	EXPECT_SAFE("sh -c 'a\\b' \"q\"", "sh -c 'a\\b' \"q\"");
	EXPECT_SAFE("Grüße 中文", "Grüße 中文");
}

static void an_escape_sequence_cannot_reach_the_terminal(void **state)
{
	(void)state;
	EXPECT_SAFE("\033[2J\033]0;pwned\007", "\\e[2J\\e]0;pwned\\x07");
	EXPECT_SAFE("a\nb\tc\rd", "a\\nb\\tc\\rd");
	EXPECT_SAFE("\177", "\\x7F");
	/* C1: the 8-bit CSI, as UTF-8 and as a bare byte */
	EXPECT_SAFE("\302\2332J", "\\u{9B}2J");
	EXPECT_SAFE("\2332J", "\\x9B2J");
}

static void text_cannot_be_turned_round_or_made_invisible(void **state)
{
	(void)state;
	EXPECT_SAFE("a\342\200\256b", "a\\u{202E}b"); /* right-to-left override */
	EXPECT_SAFE("a\342\200\213b", "a\\u{200B}b"); /* zero-width space */
	EXPECT_SAFE("\357\273\277x", "\\u{FEFF}x");   /* byte order mark */
}

static void bytes_that_are_no_utf8_are_shown_as_bytes(void **state)
{
	(void)state;
	EXPECT_SAFE("\377\376", "\\xFF\\xFE");
	EXPECT_SAFE("\300\200", "\\xC0\\x80");             /* overlong NUL */
	EXPECT_SAFE("\355\240\200", "\\xED\\xA0\\x80");    /* a surrogate */
	EXPECT_SAFE("\364\220\200\200", "\\xF4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	EXPECT_SAFE("\342\202", "\\xE2\\x82");             /* cut off */
	EXPECT_SAFE("\0\0", "\\x00\\x00");
}

static void arguments_can_be_told_apart(void **state)
{
	struct text out = {0};
	static const char argv[] = "sh\0-c\0echo a b\0";

	(void)state;
	safe_add_argv(&out, argv, sizeof(argv) - 1);
	assert_string_equal(text_str(&out), "sh -c 'echo a b'");
	text_clear(&out);
	safe_add_argv(&out, "x\0\0y\0", 5);
	assert_string_equal(text_str(&out), "x '' y");
	text_done(&out);
}

static void widths_are_those_of_a_terminal(void **state)
{
	size_t used = 0;

	(void)state;
	assert_int_equal(safe_width("abc"), 3);
	assert_int_equal(safe_width("中文"), 4);
	assert_int_equal(safe_width("e\314\201"), 1);
	assert_int_equal(safe_fit("中文x", 3, &used), strlen("中"));
	assert_int_equal(used, 2);
}

/* ---- Units ---- */

static void numbers_fit_into_narrow_columns(void **state)
{
	char buf[UNITS_LEN];

	(void)state;
	assert_string_equal(units_bytes(buf, 0), "0");
	assert_string_equal(units_bytes(buf, 1023), "1023");
	assert_string_equal(units_bytes(buf, 18ull << 20), "18.0M");
	assert_string_equal(units_bytes(buf, 999ull << 30), "999G");
	assert_string_equal(units_bytes(buf, UNKNOWN), "-");
	assert_string_equal(units_count(buf, 15134), "15,134");
	assert_string_equal(units_count(buf, 1234567), "1,234,567");
	assert_string_equal(units_short(buf, 15134), "15134");
	assert_string_equal(units_short(buf, 1234567), "1.2M");
	assert_string_equal(units_real(buf, 12.34), "12.3");
	assert_string_equal(units_real(buf, 894.2), "894");
	assert_string_equal(units_real(buf, (double)NAN), "-");
	assert_string_equal(units_signed(buf, 894), "+894");
	assert_string_equal(units_signed(buf, -3), "-3");
	assert_string_equal(units_signed(buf, 0), "0");
}

static void no_number_of_bytes_is_wider_than_five_columns(void **state)
{
	char buf[UNITS_LEN];

	(void)state;
	for (uint64_t bytes = 1; bytes < UINT64_MAX / 3; bytes += bytes / 3 + 1)
		assert_true(strlen(units_bytes(buf, bytes)) <= 5);
}

static void durations_have_two_parts(void **state)
{
	char buf[UNITS_LEN];

	(void)state;
	assert_string_equal(units_duration(buf, 7), "7s");
	assert_string_equal(units_duration(buf, 250), "4m10s");
	assert_string_equal(units_duration(buf, 8000), "2h13m");
	assert_string_equal(units_duration(buf, 200000), "2d7h");
	assert_string_equal(units_duration(buf, (double)NAN), "-");
	assert_string_equal(units_time(buf, 1790000000000), "2026-09-21T14:13:20Z");
	assert_string_equal(units_time(buf, UNKNOWN), "-");
}

/* ---- JSON ---- */

static void a_document_is_written_as_it_goes(void **state)
{
	struct text out = {0};
	struct jsonw json;

	(void)state;
	jsonw_init(&json, &out, 0);
	jsonw_object(&json);
	jsonw_key(&json, "a");
	jsonw_array(&json);
	jsonw_int(&json, -1);
	jsonw_uint(&json, UNKNOWN);
	jsonw_real(&json, (double)NAN, 1);
	jsonw_real(&json, 2.25, 1);
	jsonw_bool(&json, true);
	jsonw_string(&json, NULL);
	jsonw_array_end(&json);
	jsonw_key(&json, "b");
	jsonw_string(&json, "\"\\\n\001");
	jsonw_object_end(&json);
	assert_string_equal(text_str(&out), "{\"a\":[-1,null,null,2.2,true,null],\"b\":\"\\\"\\\\\\n\\u0001\"}");
	text_done(&out);
}

static void bytes_that_are_no_utf8_are_lost_in_no_string(void **state)
{
	struct text out = {0};
	struct jsonw json;

	(void)state;
	jsonw_init(&json, &out, 0);
	jsonw_array(&json);
	assert_true(jsonw_bytes(&json, "ü", 2));
	assert_false(jsonw_bytes(&json, "a\377", 2));
	jsonw_base64(&json, "a\377", 2);
	jsonw_array_end(&json);
	assert_string_equal(text_str(&out), "[\"ü\",\"a\357\277\275\",\"Yf8=\"]");
	text_done(&out);
}

/* ---- Files ---- */

static char *temporary_dir(void)
{
	static char dir[] = "/tmp/clade-test-XXXXXX";

	strcpy(dir, "/tmp/clade-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return dir;
}

static void a_file_is_written_whole_and_never_over_another(void **state)
{
	const char *dir = temporary_dir();
	struct text path = {0};
	struct text back = {0};
	struct stat status;

	(void)state;
	text_printf(&path, "%s/snapshot", dir);
	assert_int_equal(io_write_file(text_str(&path), "one", 3, false), 0);
	assert_int_equal(io_write_file(text_str(&path), "two", 3, false), -EEXIST);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 100, &back), 0);
	assert_string_equal(text_str(&back), "one");
	assert_int_equal(io_write_file(text_str(&path), "two", 3, true), 0);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 2, &back), 0);
	assert_string_equal(text_str(&back), "tw");
	assert_int_equal(io_read_tail(text_str(&path), 2, &back), 0);
	assert_string_equal(text_str(&back), "wo");
	assert_int_equal(stat(text_str(&path), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(unlink(text_str(&path)), 0);
	/* nothing else was left behind */
	assert_int_equal(rmdir(dir), 0);
	text_done(&path);
	text_done(&back);
}

static void a_file_that_cannot_be_written_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(io_write_file("/nonexistent/dir/file", "x", 1, false), -ENOENT);
}

static void a_fifo_does_not_hang_the_reader(void **state)
{
	const char *dir = temporary_dir();
	struct text path = {0};
	struct text back = {0};

	(void)state;
	text_printf(&path, "%s/fifo", dir);
	assert_int_equal(mkfifo(text_str(&path), 0600), 0);
	io_read_at(AT_FDCWD, text_str(&path), 100, &back);
	assert_int_equal(back.len, 0);
	unlink(text_str(&path));
	rmdir(dir);
	text_done(&path);
	text_done(&back);
}

static void users_are_read_from_a_file(void **state)
{
	const char *dir = temporary_dir();
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
	struct text path = {0};
	struct users *users;
	uint32_t uid = 0;

	(void)state;
	text_printf(&path, "%s/passwd", dir);
	assert_int_equal(io_write_file(text_str(&path), passwd, sizeof(passwd) - 1, false), 0);
	users = users_new(text_str(&path));
	assert_string_equal(users_find_name(users, 1000), "ann");
	assert_string_equal(users_find_home(users, 0), "/root");
	assert_null(users_find_name(users, 1001));
	assert_int_equal(users_find_uid(users, "ann", &uid), 0);
	assert_int_equal(uid, 1000);
	assert_int_equal(users_find_uid(users, "bob", &uid), -ENOENT);
	users_free(users);
	unlink(text_str(&path));
	rmdir(dir);
	text_done(&path);
}

static void an_arena_hands_out_zeroed_and_aligned_memory(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *memory = arena_new(&arena, 1, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
	assert_null(arena_new(&arena, SIZE_MAX / 2, 4));
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 1), "a-1");
	assert_null(arena_strdup(&arena, NULL));
	arena_done(&arena);
}

static void one_value_of_a_file_changes_and_nothing_else(void **state)
{
	static const struct {
		const char *before, *section, *name, *value, *after;
	} rows[] = {
		{"", "options", "delay", "5", "[options]\ndelay = 5\n"},
		{"# mine\n[options]\n  delay=2 ; slow\nfoo = bar\n", "options", "delay", "5", "# mine\n[options]\n  delay=5 ; slow\nfoo = bar\n"},
		{"[options]\n# delay = 9\ntheme = light\n\n[keys]\nquit = q\n", "options", "delay", "5",
		 "[options]\n# delay = 9\ntheme = light\ndelay = 5\n\n[keys]\nquit = q\n"},
		{"[keys]\nquit = q", "options", "delay", "5", "[keys]\nquit = q\n\n[options]\ndelay = 5\n"},
		{"[options]\ntheme = light", "options", "delay", "5", "[options]\ntheme = light\ndelay = 5\n"},
		{"[a]\ndelay = 1\n[options]\ndelay = 2\ndelay : 3\n[b]\ndelay = 4\n", "options", "delay", "5",
		 "[a]\ndelay = 1\n[options]\ndelay = 2\ndelay : 5\n[b]\ndelay = 4\n"},
		{"[options]\ndelayed = 1\ndelay =\n", "options", "delay", "5", "[options]\ndelayed = 1\ndelay =5\n"},
		{"[optionsx]\ndelay = 1\n", "options", "delay", "5", "[optionsx]\ndelay = 1\n\n[options]\ndelay = 5\n"},
		{"[options]\r\ndelay = 1\r\n", "options", "delay", "5", "[options]\r\ndelay = 5\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text file = {0};

		text_add(&file, rows[i].before);
		ini_set(&file, rows[i].section, rows[i].name, rows[i].value);
		assert_string_equal(text_str(&file), rows[i].after);
		text_done(&file);
	}
}

static void a_file_is_read_aside_as_it_is_read_otherwise(void **state)
{
	struct aside *aside = aside_new();
	struct text out = {0};
	struct text want = {0};
	int dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(dir >= 0);
	assert_int_equal(io_read_at(dir, "cmdline", 4096, &want), 0);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(aside_read_at(aside, dir, "cmdline", 4096, 10000, &out), 0);
		assert_int_equal(out.len, want.len);
		assert_memory_equal(out.data, want.data, want.len);
		assert_int_equal(aside_read_at(aside, dir, "nothing", 4096, 10000, &out), -ENOENT);
		assert_int_equal(out.len, 0);
	}
	close(dir);
	aside_free(aside);
	text_done(&out);
	text_done(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_of_a_file_changes_and_nothing_else),
		cmocka_unit_test(what_can_be_printed_passes_unchanged),
		cmocka_unit_test(an_escape_sequence_cannot_reach_the_terminal),
		cmocka_unit_test(text_cannot_be_turned_round_or_made_invisible),
		cmocka_unit_test(bytes_that_are_no_utf8_are_shown_as_bytes),
		cmocka_unit_test(arguments_can_be_told_apart),
		cmocka_unit_test(widths_are_those_of_a_terminal),
		cmocka_unit_test(numbers_fit_into_narrow_columns),
		cmocka_unit_test(no_number_of_bytes_is_wider_than_five_columns),
		cmocka_unit_test(durations_have_two_parts),
		cmocka_unit_test(a_document_is_written_as_it_goes),
		cmocka_unit_test(bytes_that_are_no_utf8_are_lost_in_no_string),
		cmocka_unit_test(a_file_is_written_whole_and_never_over_another),
		cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing),
		cmocka_unit_test(a_fifo_does_not_hang_the_reader),
		cmocka_unit_test(a_file_is_read_aside_as_it_is_read_otherwise),
		cmocka_unit_test(users_are_read_from_a_file),
		cmocka_unit_test(an_arena_hands_out_zeroed_and_aligned_memory),
	};

	safe_setup();
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
