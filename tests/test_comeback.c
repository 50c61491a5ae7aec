/* Whether what was ended came back, and who started it again. */
#include "clade/comeback.h"
#include "lab.h"
#include "suite.h"

#define GOD "10 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/srv/pm2)\" ; PM2_HOME=/srv/pm2\n"
#define APP(pid, id)                                                                               \
	pid " 10 /usr/bin/node \"node /srv/api.js\" ; name=api pm_id=" id                          \
	    " pm_exec_path=/srv/api.js unique_id=u PM2_HOME=/srv/pm2\n"
#define INIT "1 0 /sbin/init init\n"

static const char *watch(struct lab *lab, const int *ended, const char *const *tables)
{
	int32_t procs[16];
	size_t n = 0;
	struct comeback *comeback;

	for (; ended[n]; n++)
		procs[n] = snapshot_find_pid(lab->snap, ended[n]);
	comeback = comeback_new(lab->model, procs, n);
	for (size_t i = 0; tables[i]; i++) {
		assert_false(comeback_is_over(comeback));
		lab_sample(lab, 2.5, tables[i]);
		comeback_look(comeback, lab->model);
	}
	text_clear(&lab->said);
	comeback_add_text(&lab->said, comeback);
	if (comeback_is_over(comeback))
		text_add(&lab->said, ".");
	comeback_free(comeback);
	return text_str(&lab->said);
}

#define WATCH(lab, ended, ...) watch(lab, ended, (const char *const[]){__VA_ARGS__, NULL})

static void an_app_that_comes_back_is_counted_and_its_starter_named(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT GOD APP("11", "0"));
	assert_string_equal(WATCH(lab, ((const int[]){11, 0}), INIT GOD APP("21", "0"), INIT GOD APP("21", "0"),
				  INIT GOD APP("31", "0"), INIT GOD, INIT GOD APP("41", "0")),
			    "came back 3 times in 10 s: api, started by PM2 v7.0.4: God Daemon (/srv/pm2) (pid 10).");
	lab_free(lab);
}

static void a_script_that_starts_it_again_is_named(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "90 1 /bin/bash bash loop.sh\n91 90 /bin/shop shop --all\n92 91 /bin/shop shop worker\n");
	assert_string_equal(WATCH(lab, ((const int[]){91, 92, 0}), INIT "90 1 /bin/bash bash loop.sh\n",
				  INIT "90 1 /bin/bash bash loop.sh\n95 90 /bin/shop shop --all\n96 95 /bin/shop shop worker\n"
				       "97 90 /bin/sleep sleep 1\n"),
			    "came back once in 2 s: shop --all, started by bash loop.sh (pid 90)");
	lab_free(lab);
}

static void what_stays_away_is_not_spoken_of(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "90 1 /bin/bash bash\n91 90 /bin/shop shop --all\n");
	/* another command of the same shell, and the same command by somebody else */
	assert_string_equal(WATCH(lab, ((const int[]){91, 0}), INIT "90 1 /bin/bash bash\n93 90 /bin/ls ls\n",
				  INIT "90 1 /bin/bash bash\n94 1 /bin/zsh zsh\n95 94 /bin/shop shop --all\n"),
			    "");
	lab_free(lab);
}

static void of_thousands_of_orphans_some_are_watched(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	int32_t procs[1000];
	struct comeback *comeback;

	(void)state;
	text_add(&table, INIT);
	for (int i = 0; i < 1000; i++)
		text_printf(&table, "%d 1 /bin/x x %d\n", 100 + i, i);
	lab_sample(lab, 0, text_str(&table));
	for (int i = 0; i < 1000; i++)
		procs[i] = snapshot_find_pid(lab->snap, 100 + i);
	comeback = comeback_new(lab->model, procs, 1000);
	lab_sample(lab, 1, INIT "2000 1 /bin/x x 3\n2001 1 /bin/x x 3\n2002 1 /bin/x x 999\n");
	comeback_look(comeback, lab->model);
	assert_int_equal(comeback_times(comeback), 2);
	comeback_free(comeback);
	text_done(&table);
	lab_free(lab);
}

static void instances_that_come_back_together_come_back_once(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT GOD APP("11", "0") APP("12", "1"));
	assert_contains(WATCH(lab, ((const int[]){11, 12, 0}), INIT GOD APP("21", "0"), INIT GOD APP("21", "0") APP("22", "1")),
			"came back once in ");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_app_that_comes_back_is_counted_and_its_starter_named),
		cmocka_unit_test(a_script_that_starts_it_again_is_named),
		cmocka_unit_test(what_stays_away_is_not_spoken_of),
		cmocka_unit_test(of_thousands_of_orphans_some_are_watched),
		cmocka_unit_test(instances_that_come_back_together_come_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
