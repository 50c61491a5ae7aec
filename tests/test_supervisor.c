/* Who brings things back, by what the process table and files say. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "action/restart.h"
#include "action/wire.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/supervisor.h"
#include "lab.h"
#include "place.h"
#include "suite.h"

#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define GOD "10 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/srv/pm2)\" ; PM2_HOME=/srv/pm2\n"
#define APP(pid, id)                                                                               \
	pid " 10 /usr/bin/node \"node /srv/api.js\" ; name=api pm_id=" id                          \
	    " pm_exec_path=/srv/api.js unique_id=u PM2_HOME=/srv/pm2\n"
#define INIT "1 0 /sbin/init init\n"

/* "KIND name: sentence [command]" a line, for the processes whose pids are listed (ended by 0). */
static const char *found_in(struct lab *lab, const char *root, const int *pids)
{
	int32_t procs[16];
	size_t n = 0;
	struct supervisors *found;

	for (; pids[n]; n++)
		procs[n] = snapshot_find_pid(lab->snap, pids[n]);
	assert_int_equal(supervisors_find(lab->model, procs, n, root, &found), 0);
	text_clear(&lab->said);
	for (size_t i = 0; i < found->n; i++) {
		const struct supervisor *item = &found->items[i];

		text_printf(&lab->said, "%s %s: %s [%s]%s\n", supervisor_kind_name(item->kind),
			    item->name, item->sentence, item->command,
			    item->is_certain ? "" : " perhaps");
	}
	supervisors_free(found);
	return text_str(&lab->said);
}

#define FOUND(lab, root, ...) found_in(lab, root, (const int[]){__VA_ARGS__, 0})

static void pm2_brings_an_app_back_unless_it_ends_too(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT GOD APP("11", "0") APP("12", "1") "13 11 /bin/sleep sleep 9 ; name=api pm_id=0 "
			   "pm_exec_path=/srv/api.js unique_id=u PM2_HOME=/srv/pm2\n");
	assert_string_equal(FOUND(lab, "", 11, 12),
			    "PM2 api: PM2 (pid 10) starts api again when it ends [PM2_HOME=/srv/pm2 pm2 stop api]\n");
	/* what an app has started does not come back by PM2 */
	assert_string_equal(FOUND(lab, "", 13), "");
	assert_string_equal(FOUND(lab, "", 10, 11, 12, 13), "");
	lab_free(lab);
}

static void an_app_whose_god_is_gone_stays_gone(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "11 1 /usr/bin/python3 python3 /srv/api.py ; name=api pm_id=0 pm_exec_path=/srv/api.py "
				"unique_id=u PM2_HOME=/srv/pm2\n");
	assert_string_equal(FOUND(lab, "", 11), "");
	lab_free(lab);
}

static void a_name_that_a_shell_would_run_is_quoted(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT GOD "11 10 /usr/bin/node \"node /srv/x.js\" ; name=$(reboot);' pm_id=0 "
				"pm_exec_path=/srv/x.js unique_id=u PM2_HOME=/srv/pm2\n");
	assert_contains(FOUND(lab, "", 11), "pm2 stop '$(reboot);'\\''']");
	lab_free(lab);
}

static const char docker[] =
	INIT "20 1 /usr/bin/dockerd dockerd --data-root /nowhere -H unix:///nowhere/d.sock\n"
	     "21 1 /usr/bin/dockerd dockerd --data-root %s/lib -H unix://%s/d.sock\n"
	     "30 1 /usr/bin/containerd-shim-runc-v2 containerd-shim-runc-v2 -namespace moby -id " ID1 "\n"
	     "31 30 /bin/web web ; cgroup:/docker/" ID1 "\n"
	     "32 31 /bin/web web ; cgroup:/docker/" ID1 "\n";

static void docker_is_asked_for_its_restart_policy(void **state)
{
	static const struct {
		const char *policy;
		const char *expected;
	} rows[] = {
		{"always", "again: its restart policy is always"},
		{"unless-stopped", "its restart policy is unless-stopped"},
		{"on-failure", "its restart policy is on-failure"},
		{"no", ""},
	};
	struct lab *lab = lab_new(NULL);
	struct text table = {0};
	struct place place;

	(void)state;
	place_make(&place);
	text_printf(&table, docker, place.dir, place.dir);
	lab_sample(lab, 0, text_str(&table));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text file = {0};

		text_printf(&file, "{\"Binds\":null,\"RestartPolicy\":{\"Name\":\"%s\",\"MaximumRetryCount\":0}}",
			    rows[i].policy);
		place_write(&place, "lib/containers/" ID1 "/hostconfig.json", text_str(&file));
		if (!*rows[i].expected)
			assert_string_equal(FOUND(lab, "", 31, 32), "");
		else
			assert_contains(FOUND(lab, "", 31, 32), rows[i].expected);
		text_done(&file);
	}
	place_write(&place, "lib/containers/" ID1 "/hostconfig.json", "{\"RestartPolicy\":{\"Name\":\"always\"}}");
	text_clear(&table);
	text_printf(&table, "docker -H unix://%s/d.sock stop", place.dir);
	assert_contains(FOUND(lab, "", 31), text_str(&table));
	/* the container's root stays: it does not end */
	assert_string_equal(FOUND(lab, "", 32), "");
	place_remove(&place);
	text_done(&table);
	lab_free(lab);
}

static void an_engine_that_does_not_say_is_named_with_a_perhaps(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "31 1 /bin/web web ; cgroup:/docker/" ID1 "\n");
	assert_contains(FOUND(lab, "/nonexistent", 31), "Docker may start");
	assert_contains(FOUND(lab, "/nonexistent", 31), "] perhaps\n");
	lab_sample(lab, 1, INIT "31 1 /bin/web web ; cgroup:/libpod_parent/libpod-" ID1 "\n");
	assert_contains(FOUND(lab, "/nonexistent", 31), "Podman may start");
	lab_free(lab);
}

static void containerd_is_told_by_its_own_client(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   INIT "30 1 /usr/bin/containerd-shim-runc-v2 containerd-shim-runc-v2 -namespace shop -id web "
			"-address /srv/c.sock\n"
			"31 30 /bin/web web ; ns:7.1 foreign\n"
			"40 1 /usr/bin/containerd-shim-runc-v2 containerd-shim-runc-v2 -namespace default -id db "
			"-address /run/containerd/containerd.sock\n"
			"41 40 /bin/db db ; ns:8.1 foreign\n");
	assert_contains(FOUND(lab, "", 31), "containerd web: containerd may start web again, if it was run with --restart or by "
					    "another program [nerdctl --namespace shop --address /srv/c.sock stop web] perhaps");
	assert_contains(FOUND(lab, "", 41), "[nerdctl stop db] perhaps");
	lab_free(lab);
}

static void a_pod_is_the_kubelets(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0,
		   INIT "31 1 /bin/web web ; cgroup:/kubepods/burstable/pod12345678-1234-1234-1234-123456789012/" ID1 "\n");
	assert_contains(FOUND(lab, "", 31), "Kubernetes ");
	assert_contains(FOUND(lab, "", 31), "the kubelet starts");
	lab_free(lab);
}

static void systemd_restarts_as_the_unit_file_and_its_drop_ins_say(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct place place;

	(void)state;
	place_make(&place);
	lab_sample(lab, 0, INIT "40 1 /bin/shop shop ; cgroup:/system.slice/shop.service\n"
				"41 40 /bin/shop shop worker ; cgroup:/system.slice/shop.service\n"
				"50 1 /bin/job job ; cgroup:/system.slice/system-job.slice/job@3.service\n");
	assert_contains(FOUND(lab, place.dir, 40, 41), "systemd may start shop.service again: its unit file cannot be found");
	place_write(&place, "lib/systemd/system/shop.service", "[Unit]\nRestart=never-mind\n[Service]\nExecStart=/bin/shop\n");
	assert_string_equal(FOUND(lab, place.dir, 40, 41), "");
	place_write(&place, "etc/systemd/system/shop.service.d/10-up.conf", "[Service]\nRestart=on-failure\n");
	assert_string_equal(FOUND(lab, place.dir, 40, 41),
			    "systemd shop.service: systemd starts shop.service again: Restart=on-failure [systemctl stop "
			    "shop.service]\n");
	place_write(&place, "etc/systemd/system/shop.service.d/20-down.conf", "[Service]\nRestart=\n");
	assert_string_equal(FOUND(lab, place.dir, 40, 41), "");
	place_write(&place, "etc/systemd/system/job@.service", "[Service]\nRestart=always\n");
	assert_contains(FOUND(lab, place.dir, 50), "systemd starts job@3.service again: Restart=always");
	place_remove(&place);
	lab_free(lab);
}

static void a_unit_is_called_as_systemd_calls_it(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct place place;

	(void)state;
	place_make(&place);
	lab_sample(lab, 0, INIT "40 1 /bin/shop shop ; cgroup:/system.slice/my\\x2dshop.service\n");
	place_write(&place, "etc/systemd/system/my\\x2dshop.service", "[Service]\nRestart=\x1b[31malways\n");
	assert_string_equal(FOUND(lab, place.dir, 40),
			    "systemd my-shop.service: systemd starts my-shop.service again: Restart=\\e[31malways "
			    "[systemctl stop 'my\\x2dshop.service']\n");
	place_remove(&place);
	lab_free(lab);
}

static void an_environment_cannot_say_what_pm2_is_told(void **state)
{
	struct lab *lab = lab_new(NULL);
	struct supervisors *found;
	int32_t proc;

	(void)state;
	lab_sample(lab, 0, INIT GOD APP("11", "0],[1"));
	proc = snapshot_find_pid(lab->snap, 11);
	assert_int_equal(supervisors_find(lab->model, &proc, 1, "", &found), 0);
	assert_int_equal(found->n, 1);
	assert_int_equal(found->items[0].n_targets, 0);
	supervisors_free(found);
	lab_free(lab);
}

static void an_app_that_pm2_starts_once_does_not_come_back(void **state)
{
	static const char fork_mode[] = "pm_id=0\0autorestart=false";
	static const char cluster_mode[] = "pm2_env={\"name\":\"api\",\"autorestart\":false,\"pm_id\":0}";
	struct lab *lab = lab_new(NULL);
	struct text path = {0};
	struct place place;

	(void)state;
	place_make(&place);
	lab_sample(lab, 0, INIT GOD APP("11", "0"));
	place_write(&place, "proc/11/environ", "autorestart=true");
	assert_contains(FOUND(lab, place.dir, 11), "starts");
	text_printf(&path, "%s/proc/11/environ", place.dir);
	assert_int_equal(io_write_file(text_str(&path), fork_mode, sizeof(fork_mode), true), 0);
	assert_string_equal(FOUND(lab, place.dir, 11), "");
	assert_int_equal(io_write_file(text_str(&path), cluster_mode, sizeof(cluster_mode), true), 0);
	assert_string_equal(FOUND(lab, place.dir, 11), "");
	place_remove(&place);
	text_done(&path);
	lab_free(lab);
}

static void runit_and_its_like_are_known_by_the_parent(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "60 1 /usr/bin/runsv runsv shop ; cwd:/etc/sv/shop\n"
				"61 60 /bin/shop shop\n"
				"62 61 /bin/shop shop worker\n"
				"70 1 /usr/bin/s6-supervise s6-supervise x ; cwd:/run/service/x\n"
				"71 70 /bin/x x\n");
	assert_string_equal(FOUND(lab, "", 61, 62),
			    "runit shop: runsv (pid 60) starts shop again when it ends [sv down /etc/sv/shop]\n");
	assert_string_equal(FOUND(lab, "", 60, 61, 62), "");
	assert_contains(FOUND(lab, "", 71), "[s6-svc -d /run/service/x]");
	lab_free(lab);
}

static void supervisord_tells_its_children_their_names(void **state)
{
	static const char environ[] = "PATH=/bin\0SUPERVISOR_ENABLED=1\0SUPERVISOR_GROUP_NAME=web\0"
				      "SUPERVISOR_PROCESS_NAME=web_01\0SUPERVISOR_SERVER_URL=unix:///run/s.sock";
	struct lab *lab = lab_new(NULL);
	struct text path = {0};
	struct place place;

	(void)state;
	place_make(&place);
	place_write(&place, "proc/81/environ", "");
	text_printf(&path, "%s/proc/81/environ", place.dir);
	assert_int_equal(io_write_file(text_str(&path), environ, sizeof(environ), true), 0);
	lab_sample(lab, 0, INIT "80 1 /usr/bin/python3.11 /usr/bin/python3 /usr/bin/supervisord -c /etc/s.conf\n"
				"81 80 /bin/web web\n");
	assert_string_equal(FOUND(lab, place.dir, 81),
			    "supervisord web_01: supervisord (pid 80) starts web_01 again when it ends [supervisorctl -s "
			    "unix:///run/s.sock stop web:web_01]\n");
	place_remove(&place);
	text_done(&path);
	lab_free(lab);
}

static void what_nobody_restarts_is_not_listed(void **state)
{
	struct lab *lab = lab_new(NULL);

	(void)state;
	lab_sample(lab, 0, INIT "90 1 /bin/bash bash loop.sh\n91 90 /bin/sleep sleep 9\n");
	assert_string_equal(FOUND(lab, "", 91), "");
	assert_string_equal(FOUND(lab, "", 90, 91), "");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pm2_brings_an_app_back_unless_it_ends_too),
		cmocka_unit_test(an_app_whose_god_is_gone_stays_gone),
		cmocka_unit_test(a_name_that_a_shell_would_run_is_quoted),
		cmocka_unit_test(docker_is_asked_for_its_restart_policy),
		cmocka_unit_test(an_engine_that_does_not_say_is_named_with_a_perhaps),
		cmocka_unit_test(containerd_is_told_by_its_own_client),
		cmocka_unit_test(a_pod_is_the_kubelets),
		cmocka_unit_test(systemd_restarts_as_the_unit_file_and_its_drop_ins_say),
		cmocka_unit_test(a_unit_is_called_as_systemd_calls_it),
		cmocka_unit_test(an_environment_cannot_say_what_pm2_is_told),
		cmocka_unit_test(an_app_that_pm2_starts_once_does_not_come_back),
		cmocka_unit_test(runit_and_its_like_are_known_by_the_parent),
		cmocka_unit_test(supervisord_tells_its_children_their_names),
		cmocka_unit_test(what_nobody_restarts_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
