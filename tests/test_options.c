/* The command line. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clade/column.h"
#include "clade/io.h"
#include "clade/safe.h"
#include "clade/tui.h"
#include "options.h"
#include "settings.h"
#include "suite.h"
#include "tui/keys.h"

enum { ARGUMENTS_MAX = 16 };

/* Parses a command line of words parted by a blank. Returns what options_parse() does; the complaint is in `error`. */
static int parse(const char *line, struct options *options, struct text *error)
{
	static char copy[256];
	char *argv[ARGUMENTS_MAX] = {NULL};
	char *rest = copy;
	char *word;
	int argc = 0;
	int rc;

	snprintf(copy, sizeof(copy), "clade%s%s", *line ? " " : "", line);
	text_clear(error);
	*options = options_default();
	for (word = strsep(&rest, " "); word && argc < ARGUMENTS_MAX - 1; word = strsep(&rest, " "))
		argv[argc++] = word;
	rc = options_parse(argc, argv, options, error);
	options_done(options);
	return rc;
}

static struct options expect_good(const char *line)
{
	struct options options;
	struct text error = {0};

	if (parse(line, &options, &error) != 0)
		fail_msg("%s", text_str(&error));
	text_done(&error);
	return options;
}

static void expect_bad(const char *line, const char *complaint)
{
	struct options options;
	struct text error = {0};

	assert_int_not_equal(parse(line, &options, &error), 0);
	assert_string_equal(text_str(&error), complaint);
	text_done(&error);
}

static void nothing_at_all_is_the_ui(void **state)
{
	struct options options = expect_good("");

	(void)state;
	assert_int_equal(options.command, COMMAND_UI);
	assert_true(options.delay_s == 2);
}

static void options_stand_before_or_behind_the_command(void **state)
{
	struct options options = expect_good("-f json snapshot --sample=0 -o -");

	(void)state;
	assert_int_equal(options.command, COMMAND_SNAPSHOT);
	assert_string_equal(options.format->name, "json");
	assert_string_equal(options.output, "-");
	assert_true(options.sample_s == 0);
	options = expect_good("snapshot -fjson");
	assert_string_equal(options.format->name, "json");
}

static void kill_takes_targets_and_a_signal(void **state)
{
	struct options options = expect_good("kill 12 pm2:api --signal=sigint --grace 0 -y");

	(void)state;
	assert_int_equal(options.command, COMMAND_KILL);
	assert_string_equal(options.signal, "sigint");
	assert_true(options.grace_s == 0);
	assert_true(options.is_yes);
	assert_false(options.is_dry_run);
	assert_true(expect_good("kill 12").grace_s == 5);
	expect_bad("kill", "'kill' needs TARGET...: end trees, so that they stay ended: PID, pid:PID, alike:PID, owner:ID, or KIND:NAME such as pm2:api");
	assert_true(expect_good("--grace 3").grace_s == 3);
	expect_bad("--signal HUP", "option '--signal' does not go with the terminal UI; did you mean 'clade snapshot'?");
}

static void flags_can_stand_together(void **state)
{
	(void)state;
	assert_true(expect_good("-hV").wants_version);
	assert_true(expect_good("--ascii --no-color --no-mouse").is_ascii);
}

static void what_is_unknown_is_named_with_what_is_like_it(void **state)
{
	(void)state;
	expect_bad("--asci", "unknown option '--asci'; did you mean '--ascii'?");
	expect_bad("--no-colour", "unknown option '--no-colour'; did you mean '--no-color'?");
	expect_bad("-x", "unknown option '-x'; see clade --help");
	expect_bad("snapshto", "unknown command 'snapshto'; did you mean 'snapshot'?");
	expect_bad("snapshot -f jsn", "unknown format 'jsn'; did you mean 'json'?");
	expect_bad("--theme colorblind", "unknown theme 'colorblind'; did you mean 'colourblind'?");
	expect_bad("--collector procs", "unknown collector 'procs'; did you mean 'procps'?");
	expect_bad("kill 1 --signal TREM", "unknown signal 'TREM'; did you mean 'TERM'?");
	expect_bad("list kyes", "unknown list 'kyes'; did you mean 'keys'?");
	expect_bad("zzzzzzzzzz", "unknown command 'zzzzzzzzzz'; see clade --help");
}

static void a_value_that_is_missing_or_wrong_is_named(void **state)
{
	(void)state;
	expect_bad("-d", "option '--delay' needs a value: SECONDS");
	expect_bad("--delay=", "--delay takes seconds from 0.1 to 3600, not ''");
	expect_bad("-d 0", "--delay takes seconds from 0.1 to 3600, not '0'");
	expect_bad("-d nan", "--delay takes seconds from 0.1 to 3600, not 'nan'");
	expect_bad("-d 2x", "--delay takes seconds from 0.1 to 3600, not '2x'");
	expect_bad("--ascii=yes", "option '--ascii' takes no value");
	expect_bad("list", "'list' needs WHAT: columns, commands, formats, keys, lists, options, owners (the rules), screen, signals, themes or thresholds");
	expect_bad("snapshot more", "unexpected argument 'more'");
}

static void an_option_of_another_command_is_refused(void **state)
{
	(void)state;
	expect_bad("-f json", "option '--format' does not go with the terminal UI; did you mean 'clade snapshot'?");
	expect_bad("snapshot -d 3", "option '--delay' does not go with 'snapshot'");
}

static void behind_two_dashes_everything_is_a_word(void **state)
{
	(void)state;
	expect_bad("-- --version", "unknown command '--version'; see clade --help");
	assert_int_equal(expect_good("-- snapshot").command, COMMAND_SNAPSHOT);
}

static void an_unknown_word_cannot_harm_the_terminal(void **state)
{
	struct options options;
	struct text error = {0};

	(void)state;
	assert_int_not_equal(parse("--\033[2J", &options, &error), 0);
	assert_contains(text_str(&error), "unknown option '--?[2J'");
	text_done(&error);
}

/* ---- Configuration ---- */

static void collect(void *context, const char *message)
{
	text_printf(context, "%s\n", message);
}

/* What a file sets, and what was said of it. */
struct configured {
	struct options options;
	struct thresholds thresholds;
	struct keymap *keymap;
	struct preferences preferences;
	struct text said;
};

static void configured_init(struct configured *all, const char *file)
{
	*all = (struct configured){
		.options = options_default(),
		.thresholds = thresholds_default(),
		.keymap = keymap_new(),
		.preferences = preferences_default(),
	};
	settings_parse("c", file, strlen(file),
		       &(struct settings){
			       .options = &all->options,
			       .thresholds = &all->thresholds,
			       .keymap = all->keymap,
			       .preferences = &all->preferences,
		       },
		       collect, &all->said);
}

static void configured_done(struct configured *all)
{
	keymap_free(all->keymap);
	text_done(&all->said);
}

static void a_configuration_sets_options_and_thresholds(void **state)
{
	static const char file[] = "# mine\n[options]\ndelay = 5\ntheme = light\nascii = yes\nno-color = no\n"
				   "[thresholds]\ngrowing_per_s = 10\n";
	struct configured all;
	char *theme;

	(void)state;
	configured_init(&all, file);
	assert_string_equal(text_str(&all.said), "");
	assert_true(all.options.delay_s == 5);
	assert_string_equal(all.options.theme, "light");
	assert_true(all.options.is_ascii);
	assert_false(all.options.no_color);
	assert_true(all.thresholds.growing_per_s == 10);
	assert_true(all.thresholds.loop_per_min == 3);
	memcpy(&theme, &all.options.theme, sizeof(theme));
	free(theme);
	configured_done(&all);
}

static void only_the_administrator_says_where_kills_are_written_down(void **state)
{
	static const char file[] = "[audit]\nfile = /srv/log/kills\nplace = /tmp\nfile = here\n";
	struct options options = options_default();
	struct thresholds thresholds = thresholds_default();
	struct keymap *keymap = keymap_new();
	struct preferences preferences = preferences_default();
	char *audit = NULL;
	struct settings system = {&options, &thresholds, keymap, &preferences, &audit};
	struct settings own = {&options, &thresholds, keymap, &preferences, NULL};
	struct text said = {0};

	(void)state;
	settings_parse("c", file, sizeof(file) - 1, &system, collect, &said);
	assert_string_equal(audit, "/srv/log/kills");
	assert_string_equal(text_str(&said), "c:3: unknown key 'place'; [audit] has file\n"
					     "c:4: file is a path from / on, not 'here'\n");
	text_clear(&said);
	settings_parse("c", file, sizeof("[audit]\nfile = /srv/log/kills\n") - 1, &own, collect, &said);
	assert_string_equal(text_str(&said), "c:2: [audit] counts in /etc/clade/clade.conf alone\n");
	free(audit);
	keymap_free(keymap);
	text_done(&said);
}

static void a_bad_line_is_named_and_the_others_count(void **state)
{
	static const char file[] = "[options]\ndealy = 5\ndelay = soon\ntheme = lihgt\nascii = maybe\nhelp = yes\nsample = 3\n"
				   "[thresholds]\nblocked = 0\nfoo = 1\n[what]\nx = 1\n[broken\ny = 1\nno sense\n"
				   "[options]\ndelay = 7\n";
	struct configured all;

	(void)state;
	configured_init(&all, file);
	assert_string_equal(text_str(&all.said), "c:2: unknown option 'dealy'; see clade list options\n"
						 "c:3: --delay takes seconds from 0.1 to 3600, not 'soon'\n"
						 "c:4: unknown theme 'lihgt'; did you mean 'light'?\n"
						 "c:5: ascii is yes or no, not 'maybe'\n"
						 "c:6: unknown option 'help'; see clade list options\n"
						 "c:7: unknown option 'sample'; see clade list options\n"
						 "c:9: blocked takes a number from 1 to 1e+06, not '0'\n"
						 "c:10: unknown threshold 'foo'; see clade list thresholds\n"
						 "c:11: unknown section; there are [options] [thresholds] [keys] [screen] [audit]\n"
						 "c:13: a section is a [name]\n"
						 "c:15: this is no [name], no 'key = value' and no comment\n");
	assert_true(all.options.delay_s == 7);
	configured_done(&all);
}

static const char *command_of(const struct keymap *keymap, const char *key)
{
	const struct ui_command *command = keymap_find(keymap, key_parse(key, strlen(key)));

	return command ? command->name : "-";
}

static void keys_can_be_bound_anew(void **state)
{
	static const char file[] = "[keys]\nquit = F12 Ctrl-X\nsearch = q ä Semicolon\nhelp = none\nopen = + =\n"
				   "fly = x\ndetails = Entre\nup = a b c d e\n";
	static const struct {
		const char *key, *command;
	} keys[] = {
		{"F12", "quit"}, {"Ctrl-X", "quit"}, {"F10", "-"}, {"q", "search"}, {"ä", "search"}, {";", "search"}, {"/", "-"}, {"F1", "-"},
		{"=", "open"}, {"+", "open"}, {"Right", "-"}, {"Enter", "details"}, {"Up", "up"}, {"a", "-"}, {"Space", "tag"}, {"pgup", "page-up"},
	};
	struct configured all;

	(void)state;
	configured_init(&all, file);
	assert_string_equal(text_str(&all.said),
			    "c:6: unknown command 'fly'; see clade list keys\n"
			    "c:7: unknown key 'Entre'; keys are characters, F1 to F12, Ctrl-L and names such as Space, Enter, PgUp\n"
			    "c:8: a command has at most 4 keys\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_string_equal(command_of(all.keymap, keys[i].key), keys[i].command);
	text_clear(&all.said);
	keymap_add_names(&all.said, all.keymap, keymap_find(all.keymap, 'q'));
	assert_string_equal(text_str(&all.said), "q ä Semicolon");
	configured_done(&all);
}

static void the_screen_has_settings(void **state)
{
	static const char file[] = "[screen]\nowner-columns = cpu mem procs cpu name\ntree-sort = mem\nfold = never\n"
				   "tree-columns = pid cpuu\nfold = 1\nowner-sort =\nwidth = 3\n";
	struct configured all;

	(void)state;
	configured_init(&all, file);
	assert_string_equal(text_str(&all.said), "c:5: unknown column 'cpuu'; see clade list columns\n"
						 "c:6: fold is never or a number from 2 to 1000000, not '1'\n"
						 "c:7: unknown column ''; see clade list columns\n"
						 "c:8: unknown setting 'width'; see clade list screen\n");
	text_clear(&all.said);
	preferences_add_value(&all.said, &all.preferences, "owner-columns");
	assert_string_equal(text_str(&all.said), "cpu mem procs");
	assert_int_equal(all.preferences.sorts[VIEW_TREE], COLUMN_MEMORY);
	assert_int_equal(all.preferences.sorts[VIEW_OWNERS], COLUMN_HEAT);
	assert_int_equal(all.preferences.fold_least, FOLD_NEVER);
	configured_done(&all);
}

static void what_is_kept_is_read_again_and_comments_stay(void **state)
{
	char dir[] = "/tmp/clade-test-XXXXXX";
	struct options options = options_default();
	struct setting settings[] = {{"options", "delay", strdup("7")}, {"screen", "fold", strdup("never")}};
	struct text path = {0};
	struct text file = {0};
	struct text link_path = {0};
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	text_printf(&link_path, "%s/clade.conf", dir);
	text_printf(&file, "%s/real.conf", dir);
	assert_int_equal(io_write_file(text_str(&file), "# mine\n[options]\ndelay = 2\nfuture = 1\n", 38, false), 0);
	assert_int_equal(chmod(text_str(&file), 0640), 0);
	assert_int_equal(symlink("real.conf", text_str(&link_path)), 0);
	options.config = text_str(&link_path);
	assert_int_equal(settings_save(&options, settings, 2, &path), 0);
	assert_string_equal(text_str(&path), text_str(&link_path));
	assert_int_equal(lstat(text_str(&link_path), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(text_str(&link_path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&link_path), 1000, &file), 0);
	assert_string_equal(text_str(&file), "# mine\n[options]\ndelay = 7\nfuture = 1\n\n[screen]\nfold = never\n");
	unlink(text_str(&link_path));
	text_clear(&file);
	text_printf(&file, "%s/real.conf", dir);
	unlink(text_str(&file));
	assert_int_equal(rmdir(dir), 0); /* nothing is left beside it */
	free(settings[0].value);
	free(settings[1].value);
	text_done(&path);
	text_done(&file);
	text_done(&link_path);
}

/* What `clade list keys` prints can be written into the configuration. */
static void every_key_has_a_name_that_is_read_back(void **state)
{
	(void)state;
	for (const struct ui_command *command = ui_commands; command->name; command++) {
		for (size_t i = 0; i < KEYS_OF_COMMAND && command->keys[i]; i++) {
			struct text name = {0};

			key_add_name(&name, command->keys[i]);
			assert_int_equal(key_parse(text_str(&name), name.len), command->keys[i]);
			text_done(&name);
		}
	}
}

static void the_tables_list_everything_once(void **state)
{
	struct text out = {0};

	(void)state;
	options_help(&out);
	assert_contains(text_str(&out), "--sample SECONDS");
	assert_contains(text_str(&out), "snapshot");
	assert_contains(text_str(&out), "json");
	text_clear(&out);
	keys_list(&out);
	assert_contains(text_str(&out), "F5 t");
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_at_all_is_the_ui),
		cmocka_unit_test(options_stand_before_or_behind_the_command),
		cmocka_unit_test(kill_takes_targets_and_a_signal),
		cmocka_unit_test(flags_can_stand_together),
		cmocka_unit_test(what_is_unknown_is_named_with_what_is_like_it),
		cmocka_unit_test(a_value_that_is_missing_or_wrong_is_named),
		cmocka_unit_test(an_option_of_another_command_is_refused),
		cmocka_unit_test(behind_two_dashes_everything_is_a_word),
		cmocka_unit_test(an_unknown_word_cannot_harm_the_terminal),
		cmocka_unit_test(a_configuration_sets_options_and_thresholds),
		cmocka_unit_test(only_the_administrator_says_where_kills_are_written_down),
		cmocka_unit_test(a_bad_line_is_named_and_the_others_count),
		cmocka_unit_test(keys_can_be_bound_anew),
		cmocka_unit_test(the_screen_has_settings),
		cmocka_unit_test(what_is_kept_is_read_again_and_comments_stay),
		cmocka_unit_test(every_key_has_a_name_that_is_read_back),
		cmocka_unit_test(the_tables_list_everything_once),
	};

	safe_setup();
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
