/* The formats that other programs read: CSV, OpenMetrics, HTML. tests/formats.py gives them to those programs. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "cast.h"
#include "clade/export.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char machine[] = " 1  0 /sbin/init init\n"
			      "10  1 " CLAUDE " claude ; cwd:/srv/api uid:1000 rss:4096 cpu:50\n"
			      "11 10 /bin/bash bash -c \"make <all> & go\" ; " TOOL(10, S1) "\n"
			      "12 11 - ; state:Z env:unread comm:cc\n"
			      "20  1 /bin/app app ; cgroup:/docker/" ID1 " ns:1.1 pids:45/50 oom:3+0\n";

static const char *export(struct lab *lab, const char *format, const struct export_config *config)
{
	static const struct export_config plain = {0};

	text_clear(&lab->said);
	assert_int_equal(export_write(export_find(format), lab->model, config ? config : &plain, take_bytes, &lab->said), 0);
	return text_str(&lab->said);
}

/* ---- CSV ---- */

static const char *csv(struct lab *lab, const char *columns_wanted)
{
	struct export_config config = {0};
	enum column_id ids[COLUMNS_N];
	char *words = strdup(columns_wanted);
	char *rest = words;

	for (const char *word = strsep(&rest, ","); word; word = strsep(&rest, ","))
		assert_int_equal(column_parse(word, &ids[config.n_columns++]), 0);
	config.columns = ids;
	export(lab, "csv", &config);
	free(words);
	return text_str(&lab->said);
}

static void a_table_has_a_line_of_names_and_plain_numbers(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_string_equal(csv(lab, "pid,state,mem_self,cpu_self,name"), "pid,state,mem_self,cpu_self,name\r\n"
									   "1,S,1048576,0,init\r\n"
									   "10,S,4096,50,claude\r\n"
									   "11,S,1048576,0,bash -c 'make <all> & go'\r\n"
									   "12,Z,1048576,0,\"[cc] <defunct, not reaped by bash(11)>\"\r\n"
									   "20,S,1048576,0,app\r\n");
	lab_free(lab);
}

static void what_only_owners_have_is_the_owners(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, machine);
	assert_contains(csv(lab, "pid,kind,limit"), "20,container,90\r\n");
	assert_contains(csv(lab, "pid,kind,limit"), "10,agent,\r\n");
	lab_free(lab);
}

static void a_name_cannot_break_its_field_nor_be_a_formula(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *table;

	(void)state;
	lab_sample(lab, 0,
		   "1 0 /x a,b\n"
		   "2 0 /x \"say \\\"x\\\"\"\n"
		   "3 0 /x =1+1\n"
		   "4 0 /x -bash\n"
		   "5 0 /x -2+cmd|calc\n"
		   "6 0 /x @SUM(A1)\n"
		   "7 0 /x \033[2J\377\n");
	table = csv(lab, "pid,name");
	assert_contains(table, "1,\"a,b\"\r\n");
	assert_contains(table, "3,\\x3D1+1\r\n");
	assert_contains(table, "4,-bash\r\n");
	assert_contains(table, "5,\\x2D2+cmd|calc\r\n");
	assert_contains(table, "6,\\x40SUM(A1)\r\n");
	assert_contains(table, "7,\\e[2J\\xFF\r\n");
	lab_free(lab);
}

/* ---- OpenMetrics ---- */

/* The value of a sample, or NAN when there is none. */
static double sample(const char *page, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = page; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return strtod(line + len, NULL);
	}
	return NAN;
}

static void figures_are_those_of_the_machine_and_its_owners(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *page;

	(void)state;
	lab_sample(lab, 0, machine);
	page = export(lab, "openmetrics", NULL);
	assert_true(sample(page, "clade_processes") == 5);
	assert_true(sample(page, "clade_zombies") == 1);
	assert_true(sample(page, "clade_owner_processes{kind=\"agent\",product=\"claude-code\",name=\"api\"}") == 3);
	assert_true(sample(page, "clade_owner_cpu_ratio{kind=\"agent\",product=\"claude-code\",name=\"api\"}") == 0.5);
	assert_true(isnan(sample(page, "clade_growth_per_second")));
	for (enum verdict_kind kind = VERDICT_EXPLODING; kind < VERDICT_KINDS; kind++) {
		char series[64];

		snprintf(series, sizeof(series), "clade_verdict{verdict=\"%s\"}", verdict_word(kind));
		for (char *c = strchr(series, '"'); *c; c++)
			*c = (char)tolower(*c);
		assert_true(sample(page, series) == (strcmp(verdict_word(kind), lab->model->verdict.word) == 0));
	}
	assert_string_equal(page + strlen(page) - 6, "# EOF\n");
	lab_free(lab);
}

static void the_number_of_series_is_bounded_and_their_sum_is_the_machine(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	double sum = 0;
	size_t series = 0;

	(void)state;
	text_add(&table, "1 0 /sbin/init init\n");
	for (int i = 0; i < 100; i++)
		text_printf(&table, "%d 1 /x x ; cgroup:/docker/%012d%052d ns:%d.1\n", 100 + i, i, 0, i + 1);
	lab_sample(lab, 0, text_str(&table));
	export(lab, "openmetrics", &(struct export_config){.wanted = {.top = 7}});
	for (const char *at = strstr(text_str(&lab->said), "\nclade_owner_processes{"); at; at = strstr(at + 1, "\nclade_owner_processes{")) {
		sum += strtod(strstr(at, "} ") + 2, NULL);
		series++;
	}
	assert_int_equal(series, 8);
	assert_true(sum == 101);
	assert_contains(text_str(&lab->said), "{kind=\"rest\",product=\"\",name=\"\"} 94\n");
	text_done(&table);
	lab_free(lab);
}

static void owners_of_one_name_are_one_series(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *first;

	(void)state;
	lab_sample(lab, 0,
		   "10 0 " CLAUDE " claude ; cwd:/srv/api\n"
		   "20 0 " CLAUDE " claude ; cwd:/srv/api\n");
	export(lab, "openmetrics", NULL);
	first = strstr(text_str(&lab->said), "clade_owner_processes{kind=\"agent\"");
	assert_non_null(first);
	assert_null(strstr(first + 1, "clade_owner_processes{kind=\"agent\""));
	assert_contains(first, "name=\"api\"} 2\n");
	lab_free(lab);
}

static void a_name_cannot_break_its_label(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, "10 0 " CLAUDE " claude ; cwd:/srv/b\\c\n");
	assert_contains(export(lab, "openmetrics", NULL), "name=\"b\\\\c\"}");
	lab_free(lab);
}

/* ---- HTML ---- */

static void a_page_needs_nothing_else_and_escapes_what_it_shows(void **state)
{
	struct lab *lab = lab_new(NULL);
	const char *page;

	(void)state;
	lab_sample(lab, 0, machine);
	page = export(lab, "html", NULL);
	assert_contains(page, "make &lt;all&gt; &amp; go");
	assert_null(strstr(page, "<all>"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "https://"));
	assert_contains(page, "default-src 'none'");
	lab_free(lab);
}

static void a_trend_is_a_line_with_words(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct text table = {0};

		text_add(&table, machine);
		for (int p = 0; p < i * 10; p++)
			text_printf(&table, "%d 10 /bin/sleep sleep 9 ; " TOOL(10, S1) "\n", 100 + p);
		lab_sample(lab, i == 0 ? 0 : 10, text_str(&table));
		text_done(&table);
	}
	assert_contains(export(lab, "html", NULL), "aria-label=\"processes over 1 minutes: from 3 to 33, now 33\"><polyline points=\"1.0,20.0 40.3,14.0 79.7,8.0 119.0,2.0\"/>");
	lab_free(lab);
}

static void elements_are_closed_as_they_were_opened(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	long depth = 0;
	long deepest = 0;

	(void)state;
	/* a chain of a thousand, and a crowd of a thousand below it */
	text_add(&table, "1 0 /x x\n");
	for (int i = 2; i <= 1000; i++)
		text_printf(&table, "%d %d /x%d y%c%c ; comm:y%d\n", i, i - 1, i, 'a' + i % 26, 'a' + i / 26 % 26, i);
	for (int i = 2000; i < 3000; i++)
		text_printf(&table, "%d 1000 /bin/sleep sleep %d\n", i, i);
	lab_sample(lab, 0, text_str(&table));
	export(lab, "html", NULL);
	for (const char *at = text_str(&lab->said); *at; at++) {
		depth += strncmp(at, "<details", 8) == 0;
		depth -= strncmp(at, "</details>", 10) == 0;
		deepest = depth > deepest ? depth : deepest;
		assert_true(depth >= 0);
	}
	assert_int_equal(depth, 0);
	assert_true(deepest > 100 && deepest <= 120);
	assert_contains(text_str(&lab->said), "×1,000");
	assert_contains(text_str(&lab->said), "… and 960 more");
	text_done(&table);
	lab_free(lab);
}

/* ---- All ---- */

/* So many that no format writes them at once. */
static void sample_many(struct lab *lab, int n)
{
	struct text table = {0};

	for (int i = 1; i <= n; i++)
		text_printf(&table, "%d 0 /x x%d ; comm:c%d\n", i, i, i);
	lab_sample(lab, 0, text_str(&table));
	text_done(&table);
}

static int refuse_after(void *context, const char *bytes, size_t len)
{
	size_t *left = context;

	(void)bytes;
	if (*left < len)
		return -28;
	*left -= len;
	return 0;
}

static void a_failure_of_the_sink_ends_every_format_with_it(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	sample_many(lab, 3000);
	for (const struct export_format *format = formats; format->name; format++) {
		size_t left = 0;

		assert_int_equal(export_write(format, lab->model, &(struct export_config){0}, refuse_after, &left), -28);
	}
	lab_free(lab);
}

static int measure(void *context, const char *bytes, size_t len)
{
	size_t *most = context;

	(void)bytes;
	*most = len > *most ? len : *most;
	return 0;
}

static void no_format_holds_its_whole_document_in_memory(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	sample_many(lab, 5000);
	for (const struct export_format *format = formats; format->name; format++) {
		size_t most = 0;

		assert_int_equal(export_write(format, lab->model, &(struct export_config){0}, measure, &most), 0);
		if (most > (80 << 10))
			fail_msg("%s hands on %zu bytes at once", format->name, most);
	}
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_has_a_line_of_names_and_plain_numbers),
		cmocka_unit_test(what_only_owners_have_is_the_owners),
		cmocka_unit_test(a_name_cannot_break_its_field_nor_be_a_formula),
		cmocka_unit_test(figures_are_those_of_the_machine_and_its_owners),
		cmocka_unit_test(the_number_of_series_is_bounded_and_their_sum_is_the_machine),
		cmocka_unit_test(owners_of_one_name_are_one_series),
		cmocka_unit_test(a_name_cannot_break_its_label),
		cmocka_unit_test(a_page_needs_nothing_else_and_escapes_what_it_shows),
		cmocka_unit_test(a_trend_is_a_line_with_words),
		cmocka_unit_test(elements_are_closed_as_they_were_opened),
		cmocka_unit_test(a_failure_of_the_sink_ends_every_format_with_it),
		cmocka_unit_test(no_format_holds_its_whole_document_in_memory),
	};

	safe_setup();
	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
