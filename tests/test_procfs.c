/* The parsers of /proc: real lines in, values out; what is broken is refused and the output left alone. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "clade/cgroup.h"
#include "clade/inspect.h"
#include "clade/io.h"
#include "collect/procfs.h"
#include "collect/rates.h"
#include "suite.h"

#define PARSE(s) s, sizeof(s) - 1

static void a_name_may_hold_parentheses_and_newlines(void **state)
{
	char comm[COMM_MAX] = "before";
	uint64_t start = 7;

	(void)state;
	assert_int_equal(procfs_parse_stat(PARSE("4211 (a) R (b\n) S 1 4211 4211 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
						 "684113 10 20\n"),
					   comm, &start),
			 0);
	assert_string_equal(comm, "a) R (b\n");
	assert_int_equal(start, 684113);
}

static void a_process_is_read_from_stat(void **state)
{
	struct process proc = {.pid = 1};
	char comm[COMM_MAX] = "";
	uint64_t stack = 0;
	bool is_forked = false;

	(void)state;
	assert_int_equal(procfs_parse_process(PARSE("4211 (a) R (b\n) S 1 4210 4209 34816 -1 4194560 1 2 3 4 50 6 7 8 20 -5 3 0 "
						    "684113 1000 20 18446744073709551615 94 95 140 0 0\n"),
					      4096, &proc, comm, &stack, &is_forked),
			 0);
	assert_string_equal(comm, "a) R (b\n");
	assert_int_equal(proc.pid, 4211);
	assert_int_equal(proc.ppid, 1);
	assert_int_equal(proc.pgrp, 4210);
	assert_int_equal(proc.session, 4209);
	assert_int_equal(proc.tty, 34816);
	assert_int_equal(proc.state, 'S');
	assert_int_equal(proc.threads, 3);
	assert_int_equal(proc.nice, -5);
	assert_int_equal(proc.start_ticks, 684113);
	assert_int_equal(proc.cpu_ticks, 56);
	assert_int_equal(proc.rss_bytes, 20 * 4096);
	assert_int_equal(stack, 140);
	assert_false(proc.is_kernel);
	assert_false(is_forked);
	assert_int_equal(procfs_parse_process(PARSE("4211 (sh) S 1 4210 4209 34816 -1 4194624 1 2 3 4 50 6 7 8 20 -5 3 0 "
						    "684113 1000 20 18446744073709551615 94 95 140 0 0\n"),
					      4096, &proc, comm, &stack, &is_forked),
			 0);
	assert_true(is_forked);
	assert_int_not_equal(procfs_parse_process(PARSE("4211 (sh) S 1 4210 4209 34816 -1 4194560 1 2 3 4 50 6 7 8 20 -5 3 0 684113"),
						  4096, &proc, comm, &stack, &is_forked),
			     0);
	assert_int_equal(proc.pid, 4211);
	assert_string_equal(comm, "sh");
}

static void a_torn_stat_is_refused(void **state)
{
	static const char *const torn[] = {"", "4211", "4211 (sh", "4211 (sh) S 1 2 3", "4211 (sh) S 1 4211 4211 0 -1 4194560 x"};
	char comm[COMM_MAX] = "before";
	uint64_t start = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++)
		assert_int_not_equal(procfs_parse_stat(torn[i], strlen(torn[i]), comm, &start), 0);
	assert_string_equal(comm, "before");
	assert_int_equal(start, 7);
}

static void status_tells_the_effective_user_and_the_innermost_pid(void **state)
{
	uint32_t uid = 0;
	uint32_t ns_pid = 0;

	(void)state;
	procfs_parse_status(PARSE("Name:\tx\nUid:\t0\t1000\t0\t0\nNSpid:\t1109651\t33\t1\n"), &uid, &ns_pid);
	assert_int_equal(uid, 1000);
	assert_int_equal(ns_pid, 1);
	procfs_parse_status(PARSE("Name:\tx\n"), &uid, &ns_pid);
	assert_true(uid == UINT32_MAX);
	assert_int_equal(ns_pid, 0);
}

static void a_name_with_a_newline_cannot_forge_a_line_of_status(void **state)
{
	uint32_t uid = 0;
	uint32_t ns_pid = 0;

	(void)state;
	/* the kernel writes a newline in a name as \n, so a real line is the first of its kind */
	procfs_parse_status(PARSE("Name:\tx\\nUid:\t7\t7\t7\t7\nUid:\t5\t5\t5\t5\n"), &uid, &ns_pid);
	assert_int_equal(uid, 5);
}

static void io_is_counted_at_the_storage(void **state)
{
	uint64_t r = 1;
	uint64_t w = 2;

	(void)state;
	assert_int_equal(procfs_parse_io(PARSE("rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\n"
					       "write_bytes: 8192\ncancelled_write_bytes: 0\n"),
					 &r, &w),
			 0);
	assert_int_equal(r, 4096);
	assert_int_equal(w, 8192);
	assert_int_not_equal(procfs_parse_io(PARSE("rchar: 9\n"), &r, &w), 0);
	assert_int_equal(r, 4096);
}

static void a_title_leaves_no_nuls_behind(void **state)
{
	char title[] = "node /srv/app.js\0\0\0\0";
	char plain[] = "sh\0-c\0";

	(void)state;
	assert_int_equal(procfs_trim_cmdline(title, sizeof(title) - 1), sizeof("node /srv/app.js"));
	assert_int_equal(procfs_trim_cmdline(plain, sizeof(plain) - 1), sizeof("sh\0-c"));
}

/* ---- Environments ---- */

static const char *const session[] = {"SESSION", "SESSION_PID", NULL};
static const char *const app_triggers[] = {"pm_id", NULL};
static const char *const app_keep[] = {"pm_id", "name", NULL};
static const struct marker_group groups[] = {{NULL, session}, {app_triggers, app_keep}};

static void expect_markers(const char *bytes, size_t len, enum env_state want, const char *markers, size_t markers_len)
{
	struct text out = {0};

	assert_int_equal(procfs_parse_environ(bytes, len, groups, 2, &out), want);
	assert_int_equal(out.len, markers_len);
	if (markers_len > 0)
		assert_memory_equal(text_str(&out), markers, markers_len);
	text_done(&out);
}

#define EXPECT_MARKERS(env, want, markers) expect_markers(PARSE(env), want, PARSE(markers))

static void only_wanted_variables_are_kept(void **state)
{
	(void)state;
	EXPECT_MARKERS("SECRET=x\0SESSION=5e6e\0PATH=/bin\0", ENV_READ, "SESSION=5e6e\0");
	EXPECT_MARKERS("SESSIONS=x\0MY_SESSION=y\0", ENV_READ, "");
	EXPECT_MARKERS("", ENV_READ, "");
}

static void a_strangers_variable_called_name_is_not_kept(void **state)
{
	(void)state;
	EXPECT_MARKERS("name=Ann\0SESSION=1\0", ENV_READ, "SESSION=1\0");
	EXPECT_MARKERS("name=api\0pm_id=0\0", ENV_READ, "name=api\0pm_id=0\0");
}

static void a_value_may_hold_newlines_and_the_last_nul_may_be_missing(void **state)
{
	(void)state;
	EXPECT_MARKERS("A=1\nSESSION=no\0SESSION=a\nb", ENV_READ, "SESSION=a\nb\0");
}

static void of_a_variable_that_is_there_twice_the_first_counts(void **state)
{
	(void)state;
	EXPECT_MARKERS("SESSION=1\0SESSION=2\0", ENV_READ, "SESSION=1\0");
}

static void an_overwritten_environment_is_seen(void **state)
{
	(void)state;
	EXPECT_MARKERS("yyyyyyyyyyyy", ENV_CLOBBERED, "");
	EXPECT_MARKERS("=x\0", ENV_CLOBBERED, "");
	/* a short title leaves the rest */
	EXPECT_MARKERS("postgres: writer process\0SESSION=1\0", ENV_CLOBBERED, "SESSION=1\0");
	EXPECT_MARKERS("postgres: ann db=x idle\0PATH=/bin\0", ENV_CLOBBERED, "");
}

static void a_variable_may_have_any_name(void **state)
{
	(void)state;
	/* PM2 sets one that is called as the app */
	EXPECT_MARKERS("my app={}\0SESSION=1\0", ENV_READ, "SESSION=1\0");
	EXPECT_MARKERS("my-app={}\0SESSION=1\0", ENV_READ, "SESSION=1\0");
	EXPECT_MARKERS("BASH_FUNC_x%%=() { :; }\0SESSION=1\0", ENV_READ, "SESSION=1\0");
}

static void a_cluster_worker_has_its_markers_in_json(void **state)
{
	(void)state;
	EXPECT_MARKERS("PATH=/bin\0pm2_env={\"name\":\"web\",\"pm_id\":3,\"env\":{\"TOKEN\":\"secret\"}}\0", ENV_READ,
		       "pm_id=3\0name=web\0");
	EXPECT_MARKERS("pm2_env={broken\0SESSION=1\0", ENV_READ, "SESSION=1\0");
}

/* ---- The machine ---- */

static void pressure_has_two_lines_or_one(void **state)
{
	struct pressure pressure;

	(void)state;
	assert_int_equal(procfs_parse_pressure(PARSE("some avg10=12.50 avg60=0.05 avg300=0.01 total=12345\n"
						     "full avg10=3.00 avg60=0.00 avg300=0.00 total=99\n"),
					       &pressure),
			 0);
	assert_true(pressure.some_avg10 == 12.5 && pressure.full_avg10 == 3.0);
	assert_int_equal(procfs_parse_pressure(PARSE("some avg10=1.00 avg60=0.05 avg300=0.01 total=12345\n"), &pressure), 0);
	assert_true(isnan(pressure.full_avg10));
	assert_int_not_equal(procfs_parse_pressure(PARSE("nonsense\n"), &pressure), 0);
}

static void load_and_tasks_stand_in_one_line(void **state)
{
	double load[3] = {0};
	uint64_t running = 0;
	uint64_t tasks = 0;

	(void)state;
	assert_int_equal(procfs_parse_loadavg(PARSE("117.20 90.18 40.12 3/15134 11206\n"), load, &running, &tasks), 0);
	assert_true(load[0] == 117.20 && load[2] == 40.12);
	assert_int_equal(running, 3);
	assert_int_equal(tasks, 15134);
	assert_int_not_equal(procfs_parse_loadavg(PARSE("117.20 x"), load, &running, &tasks), 0);
	assert_int_equal(tasks, 15134);
}

static void hidepid_is_read_from_what_is_mounted_on_proc(void **state)
{
	(void)state;
	assert_int_equal(procfs_parse_hidepid(PARSE("25 30 0:23 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible\n")), 2);
	assert_int_equal(procfs_parse_hidepid(PARSE("25 30 0:23 / /proc rw - proc proc rw,hidepid=1,gid=4\n")), 1);
	assert_int_equal(procfs_parse_hidepid(PARSE("25 30 0:23 / /proc rw - proc proc rw\n")), 0);
	assert_int_equal(procfs_parse_hidepid(PARSE("26 30 0:24 / /mnt/proc rw - proc proc rw,hidepid=2\n")), 0);
}

static void a_namespace_is_its_inode(void **state)
{
	(void)state;
	assert_int_equal(procfs_parse_ns("pid:[4026531836]"), 4026531836);
	assert_true(procfs_parse_ns("pid:[x]") == UNKNOWN);
	assert_true(procfs_parse_ns("") == UNKNOWN);
}

static void a_number_alone_is_a_number(void **state)
{
	uint64_t number = 5;

	(void)state;
	assert_int_equal(procfs_parse_number(PARSE("32768\n"), &number), 0);
	assert_int_equal(number, 32768);
	assert_int_not_equal(procfs_parse_number(PARSE("max\n"), &number), 0);
	assert_int_not_equal(procfs_parse_number(PARSE("99999999999999999999999\n"), &number), 0);
	assert_int_equal(number, 32768);
}

/* ---- Control groups ---- */

#define V1 "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" \
	   "36 31 0:33 / /sys/fs/cgroup/memory rw shared:3 - cgroup cgroup rw,memory\n" \
	   "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
#define V2 "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
#define IN_NAMESPACE "31 23 0:28 /docker/5e6e /sys/fs/cgroup ro - cgroup2 cgroup rw\n"

static void expect_dir(const char *mountinfo, const char *cgroup, const char *controller, const char *want, bool want_v2)
{
	struct cgroup_reader reader;
	bool is_v2 = false;
	size_t top = 0;
	char *dir;

	cgroup_reader_init(&reader, mountinfo);
	dir = cgroup_dir(&reader, cgroup, controller, &is_v2, &top);
	if (want) {
		assert_non_null(dir);
		assert_string_equal(dir, want);
		assert_int_equal(is_v2, want_v2);
	} else {
		assert_null(dir);
	}
	free(dir);
	cgroup_reader_done(&reader);
}

static void a_control_group_is_found_in_every_hierarchy(void **state)
{
	(void)state;
	expect_dir(V2, "0::/system.slice/a.service\n", "pids", "/sys/fs/cgroup/system.slice/a.service", true);
	expect_dir(V1, "8:pids:/a\n4:memory:/b\n0::/\n", "pids", "/sys/fs/cgroup/pids/a", false);
	expect_dir(V1, "8:pids:/a\n4:memory:/b\n0::/\n", "memory", "/sys/fs/cgroup/memory/b", false);
	expect_dir(V1, "4:cpu,memory:/b\n", "memory", "/sys/fs/cgroup/memory/b", false);
	expect_dir(V1, "4:cpu:/b\n", "memory", NULL, false);
	expect_dir(V2, "0::/\n", "pids", "/sys/fs/cgroup", true);
	expect_dir("", "0::/a\n", "pids", NULL, false);
	expect_dir(V2, "", "pids", NULL, false);
	expect_dir(V2, "nonsense", "pids", NULL, false);
}

static void a_control_group_outside_of_what_is_mounted_is_not_seen(void **state)
{
	(void)state;
	expect_dir(IN_NAMESPACE, "0::/docker/5e6e/sub\n", "pids", "/sys/fs/cgroup/sub", true);
	expect_dir(IN_NAMESPACE, "0::/docker/5e6eff\n", "pids", NULL, false);
	expect_dir(IN_NAMESPACE, "0::/other\n", "pids", NULL, false);
	expect_dir(V2, "0::/../../other\n", "pids", NULL, false);
}

/* ---- Rates ---- */

static void cpu_shares_are_of_the_time_between_two_samples(void **state)
{
	struct snapshot then = {.machine.cpu = {100, 0, 100, 700, 100, 0, 0, 0}, .machine.forks = 1000, .machine.oom_kills = 2};
	struct snapshot now = {.machine.cpu = {150, 0, 110, 720, 120, 0, 0, 0}, .machine.forks = 1090, .machine.oom_kills = 5,
			       .interval_s = 3};

	(void)state;
	rates_machine(&now, &then);
	assert_true(now.machine.cpu_percent.user == 50);
	assert_true(now.machine.cpu_percent.iowait == 20);
	assert_true(now.machine.forks_per_s == 30);
	assert_int_equal(now.machine.oom_kills_new, 3);
	rates_machine(&now, NULL);
	assert_true(isnan(now.machine.cpu_percent.user) && isnan(now.machine.forks_per_s));
	assert_false(is_known(now.machine.oom_kills_new));
}

static void a_counter_that_falls_or_is_unknown_gives_no_rate(void **state)
{
	(void)state;
	assert_true(isnan(rates_bytes(5, 10, 1)));
	assert_true(isnan(rates_bytes(UNKNOWN, 10, 1)));
	assert_true(isnan(rates_bytes(20, 10, 0)));
	assert_true(rates_bytes(20, 10, 2) == 5);
}

static void a_newborn_process_is_measured_since_its_birth(void **state)
{
	struct snapshot then = {.mono_ms = 8000};
	struct snapshot now = {.mono_ms = 10000, .interval_s = 2, .host.ticks_per_s = 100};
	struct process proc = {.start_ticks = 950, .cpu_ticks = 25};
	struct process before = {.start_ticks = 950, .cpu_ticks = 5};

	(void)state;
	assert_true(fabsf(rates_cpu(&now, &then, &proc, NULL) - 50) < 0.01F);
	assert_true(fabsf(rates_cpu(&now, &then, &proc, &before) - 10) < 0.01F);
	assert_true(isnan(rates_cpu(&now, NULL, &proc, NULL)));
}

static void limits_are_read_with_their_units(void **state)
{
	static const char file[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
				   "Max cpu time              unlimited            unlimited            seconds   \n"
				   "Max processes             95880                95881                processes \n"
				   "Max open files            1024                 1048576              files     \n"
				   "Max nice priority         0                    0                    \n"
				   "Max broken                x                    0                    \n";
	struct resource_limit limits[LIMITS_MAX];

	(void)state;
	assert_int_equal(inspect_parse_limits(file, sizeof(file) - 1, limits), 4);
	assert_string_equal(limits[0].name, "Max cpu time");
	assert_true(limits[0].soft == LIMIT_NONE && limits[0].hard == LIMIT_NONE);
	assert_string_equal(limits[1].name, "Max processes");
	assert_true(limits[1].soft == 95880 && limits[1].hard == 95881);
	assert_string_equal(limits[2].unit, "files");
	assert_string_equal(limits[3].unit, "");
	/* whatever is cut off does no harm */
	for (size_t len = 0; len < sizeof(file); len++)
		assert_true(inspect_parse_limits(file, len, limits) <= 5);
}

static void descriptors_have_kinds(void **state)
{
	static const struct {
		const char *target;
		enum fd_kind kind;
	} rows[] = {
		{"socket:[123]", FD_SOCKET}, {"pipe:[9]", FD_PIPE}, {"anon_inode:[eventfd]", FD_OTHER}, {"/memfd:x (deleted)", FD_OTHER},
		{"/dev/null", FD_DEVICE}, {"/dev/shm/x", FD_FILE}, {"/var/log/x (deleted)", FD_DELETED}, {"/", FD_FILE}, {"", FD_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(inspect_fd_kind(rows[i].target), rows[i].kind);
}

/* Looks at this very process. */
static void a_process_is_looked_at_only_when_it_is_the_one(void **state)
{
	struct text stat = {0};
	struct text environment = {0};
	struct inspection inspection;
	struct proc_key key = {.pid = getpid()};
	char comm[COMM_MAX];
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(io_read_at(AT_FDCWD, "/proc/self/stat", 4096, &stat), 0);
	assert_int_equal(procfs_parse_stat(text_str(&stat), stat.len, comm, &key.start_ticks), 0);
	assert_int_equal(inspect_process(key, &inspection), 0);
	assert_true(inspection.n_limits > 10);
	assert_true(is_known(inspection.n_fds) && inspection.n_fds >= 4);
	assert_true(inspection.fds[FD_DEVICE] >= 1);
	assert_int_equal(inspect_environment(key, &environment), 0);
	assert_true(environment.len > 0);
	key.start_ticks++;
	assert_int_equal(inspect_process(key, &inspection), -ESRCH);
	assert_int_equal(inspect_environment(key, &environment), -ESRCH);
	close(fd);
	text_done(&stat);
	text_done(&environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_read_with_their_units),
		cmocka_unit_test(descriptors_have_kinds),
		cmocka_unit_test(a_process_is_looked_at_only_when_it_is_the_one),
		cmocka_unit_test(a_name_may_hold_parentheses_and_newlines),
		cmocka_unit_test(a_process_is_read_from_stat),
		cmocka_unit_test(a_torn_stat_is_refused),
		cmocka_unit_test(status_tells_the_effective_user_and_the_innermost_pid),
		cmocka_unit_test(a_name_with_a_newline_cannot_forge_a_line_of_status),
		cmocka_unit_test(io_is_counted_at_the_storage),
		cmocka_unit_test(a_title_leaves_no_nuls_behind),
		cmocka_unit_test(only_wanted_variables_are_kept),
		cmocka_unit_test(a_strangers_variable_called_name_is_not_kept),
		cmocka_unit_test(a_value_may_hold_newlines_and_the_last_nul_may_be_missing),
		cmocka_unit_test(of_a_variable_that_is_there_twice_the_first_counts),
		cmocka_unit_test(an_overwritten_environment_is_seen),
		cmocka_unit_test(a_variable_may_have_any_name),
		cmocka_unit_test(a_cluster_worker_has_its_markers_in_json),
		cmocka_unit_test(pressure_has_two_lines_or_one),
		cmocka_unit_test(load_and_tasks_stand_in_one_line),
		cmocka_unit_test(hidepid_is_read_from_what_is_mounted_on_proc),
		cmocka_unit_test(a_namespace_is_its_inode),
		cmocka_unit_test(a_number_alone_is_a_number),
		cmocka_unit_test(a_control_group_is_found_in_every_hierarchy),
		cmocka_unit_test(a_control_group_outside_of_what_is_mounted_is_not_seen),
		cmocka_unit_test(cpu_shares_are_of_the_time_between_two_samples),
		cmocka_unit_test(a_counter_that_falls_or_is_unknown_gives_no_rate),
		cmocka_unit_test(a_newborn_process_is_measured_since_its_birth),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
