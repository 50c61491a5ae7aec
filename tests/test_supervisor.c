/* Who brings things back, how it is told to stop, what it answers, and whether it came back. */
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
#include "clade/comeback.h"
#include "clade/io.h"
#include "clade/mem.h"
#include "clade/supervisor.h"
#include "lab.h"
#include "suite.h"

#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define GOD "10 1 /usr/bin/node \"PM2 v7.0.4: God Daemon (/srv/pm2)\" ; PM2_HOME=/srv/pm2\n"
#define APP(pid, id)                                                                               \
	pid " 10 /usr/bin/node \"node /srv/api.js\" ; name=api pm_id=" id                          \
	    " pm_exec_path=/srv/api.js unique_id=u PM2_HOME=/srv/pm2\n"
#define INIT "1 0 /sbin/init init\n"

/* ---- What is found ---- */

/* A directory to find files below. */
struct place {
	char dir[32];
};

static void place_make(struct place *place)
{
	strcpy(place->dir, "/tmp/clade-test-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
}

/* Writes a file, with the directories above it. */
static void place_write(const struct place *place, const char *path, const char *contents)
{
	struct text whole = {0};

	text_printf(&whole, "%s/", place->dir);
	for (const char *c = path; *c; c++) {
		if (*c == '/')
			mkdir(text_str(&whole), 0700);
		text_add_char(&whole, *c);
	}
	assert_int_equal(io_write_file(text_str(&whole), contents, strlen(contents), true), 0);
	text_done(&whole);
}

static void place_remove(const struct place *place)
{
	struct text command = {0};

	text_printf(&command, "rm -r %s", place->dir);
	assert_int_equal(system(text_str(&command)), 0);
	text_done(&command);
}

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

/* ---- What is said and answered ---- */

#define HTTP(status, body) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body

static void answers_of_engines_are_read(void **state)
{
	static const struct {
		const char *bytes;
		int status;
		const char *message;
	} rows[] = {
		{HTTP("204 No Content", ""), 204, "No Content"},
		{HTTP("304 Not Modified", ""), 304, "Not Modified"},
		{HTTP("404 Not Found", "{\"message\":\"No such container: x\"}\n"), 404, "No such container: x"},
		{HTTP("500 Internal Server Error", "2c\r\n{\"cause\":\"x\",\"message\":\"bad \\u001b[31m\"}\r\n0\r\n"), 500,
		 "bad \\e[31m"},
		{HTTP("200 OK", "<methodResponse><params><param><value><boolean>1</boolean></value></param></params>"), 200,
		 "OK"},
		{HTTP("200 OK", "<fault><member><name>faultString</name>\n<value><string>NOT_RUNNING: x</string>"), 500,
		 "NOT_RUNNING: x"},
		{"HTTP/1.1 2x4 No\r\n\r\n", -EBADMSG, ""},
		{"HTTP/1.1 204 No Content\r\n", -EBADMSG, ""},
		{"SSH-2.0-OpenSSH\r\n\r\n", -EBADMSG, ""},
		{"", -EBADMSG, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text message = {0};
		size_t len = strlen(rows[i].bytes);

		assert_int_equal(wire_parse_http(rows[i].bytes, len, &message), rows[i].status);
		assert_string_equal(text_str(&message), rows[i].message);
		/* cut anywhere it is read within its bounds */
		for (size_t cut = 0; cut < len; cut++) {
			char *part = mem_strndup(rows[i].bytes, cut);

			wire_parse_http(part, cut, &message);
			free(part);
		}
		text_done(&message);
	}
}

static void answers_of_pm2_are_read(void **state)
{
	static const char good[] = "\x12\0\0\0\x14j:{\"args\":[{\"a\":1}]}\0\0\0\x03"
				   "1:0";
	static const char bad[] = "\x12\0\0\0\x1aj:{\"error\":\"id 7 unknown\"}\0\0\0\x03"
				  "1:0";
	struct text message = {0};

	(void)state;
	assert_int_equal(wire_parse_pm2(good, sizeof(good) - 1, &message), 0);
	for (size_t cut = 0; cut < sizeof(good) - 1; cut++)
		assert_int_equal(wire_parse_pm2(good, cut, &message), -EAGAIN);
	assert_int_equal(wire_parse_pm2(bad, sizeof(bad) - 1, &message), -EREMOTEIO);
	assert_string_equal(text_str(&message), "id 7 unknown");
	assert_int_equal(wire_parse_pm2("HTTP/1.1", 8, &message), -EBADMSG);
	assert_int_equal(wire_parse_pm2("\x11\0\0\0\x03j:{", 8, &message), -EBADMSG);
	text_done(&message);
}

static void what_is_sent_has_the_form_that_they_want(void **state)
{
	struct text out = {0};

	(void)state;
	wire_add_container_stop(&out, "5e6e", 10);
	assert_string_equal(text_str(&out), "POST /containers/5e6e/stop?t=10 HTTP/1.1\r\nHost: localhost\r\n"
					    "Connection: close\r\nContent-Length: 0\r\n\r\n");
	text_clear(&out);
	wire_add_pm2_call(&out, "stopProcessId", "7");
	assert_int_equal(out.len, 1 + 4 + 53 + 4 + 3);
	assert_memory_equal(out.data, "\x12\0\0\0\x35j:{\"type\":\"call\",\"method\":\"stopProcessId\",\"args\":[7]}", 58);
	text_clear(&out);
	wire_add_supervisord_stop(&out, "a<b&c");
	assert_contains(text_str(&out), "<string>a&#60;b&#38;c</string>");
	text_done(&out);
}

/* ---- Telling it ---- */

/* A supervisor of ours on a socket. */
struct peer {
	struct place place;
	struct text path;
	int listening;
	struct supervisor supervisor;
};

static void peer_open(struct peer *peer, enum supervisor_kind kind)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*peer = (struct peer){0};
	place_make(&peer->place);
	text_printf(&peer->path, "%s/socket", peer->place.dir);
	strcpy(address.sun_path, text_str(&peer->path));
	peer->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->listening, 4), 0);
	peer->supervisor = (struct supervisor){
		.kind = kind,
		.can_stop = true,
		.name = "shop",
		.command = "COMMAND",
		.id = "5e6e",
		.sockets = {"/proc/self/nowhere/socket", text_str(&peer->path)},
	};
}

static void peer_close(struct peer *peer)
{
	close(peer->listening);
	place_remove(&peer->place);
	text_done(&peer->path);
}

/* Takes one connection, reads what is asked and gives the answer. */
static void peer_answer(const struct peer *peer, struct supervisor_stop *stop, const char *asked, const char *answer,
			size_t len)
{
	char got[1000] = "";
	int fd;
	ssize_t n;

	assert_int_equal(supervisor_stop_step(stop), 1);
	fd = accept(peer->listening, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(supervisor_stop_step(stop), 1);
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0 && memmem(got, (size_t)n, asked, strlen(asked)));
	assert_int_equal(send(fd, answer, len, 0), len);
	close(fd);
}

static void an_engine_is_told_and_says_yes_or_no(void **state)
{
	static const struct {
		const char *answer;
		int rc;
		const char *words;
	} rows[] = {
		{HTTP("204 No Content", ""), 0, "Docker has stopped shop"},
		{HTTP("304 Not Modified", ""), 0, "Docker has stopped shop"},
		{HTTP("404 Not Found", "{\"message\":\"No such container\"}"), -ENOENT,
		 "Docker did not stop shop: No such container; by hand: COMMAND"},
		{HTTP("500 Oh", "{\"message\":\"cannot\"}"), -EREMOTEIO, "Docker did not stop shop: cannot; by hand: COMMAND"},
		{"nonsense", -EBADMSG, "Docker did not stop shop: Bad message; by hand: COMMAND"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct supervisor_stop *stop;
		struct peer peer;

		peer_open(&peer, SUPERVISOR_DOCKER);
		assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){3}, &stop), 0);
		peer_answer(&peer, stop, "POST /containers/5e6e/stop?t=3 ", rows[i].answer, strlen(rows[i].answer));
		assert_int_equal(supervisor_stop_step(stop), rows[i].rc);
		if (rows[i].rc != -EBADMSG)
			assert_string_equal(supervisor_stop_words(stop), rows[i].words);
		supervisor_stop_free(stop);
		peer_close(&peer);
	}
}

static void pm2_is_told_of_each_instance(void **state)
{
	static const char good[] = "\x12\0\0\0\x0dj:{\"args\":[]}\0\0\0\x03"
				   "1:0";
	const char *targets[] = {"4", "5"};
	struct supervisor_stop *stop;
	struct peer peer;

	(void)state;
	peer_open(&peer, SUPERVISOR_PM2);
	peer.supervisor.targets = targets;
	peer.supervisor.n_targets = 2;
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), 0);
	peer_answer(&peer, stop, "\"args\":[4]", good, sizeof(good) - 1);
	assert_int_equal(supervisor_stop_step(stop), 1);
	peer_answer(&peer, stop, "\"args\":[5]", good, sizeof(good) - 1);
	assert_int_equal(supervisor_stop_step(stop), 0);
	assert_string_equal(supervisor_stop_words(stop), "PM2 has stopped shop");
	supervisor_stop_free(stop);
	peer_close(&peer);
}

static void one_that_hangs_up_or_is_not_there_is_no_success(void **state)
{
	const char *targets[] = {"4"};
	struct supervisor_stop *stop;
	struct peer peer;

	(void)state;
	peer_open(&peer, SUPERVISOR_PM2);
	peer.supervisor.targets = targets;
	peer.supervisor.n_targets = 1;
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), 0);
	peer_answer(&peer, stop, "stopProcessId", "\x12\0\0", 3);
	assert_int_equal(supervisor_stop_step(stop), -ECONNRESET);
	assert_contains(supervisor_stop_words(stop), "by hand: COMMAND");
	supervisor_stop_free(stop);
	peer.supervisor.sockets[1] = NULL;
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), 0);
	assert_int_equal(supervisor_stop_step(stop), -ENOENT);
	assert_contains(supervisor_stop_words(stop), "/proc/self/nowhere/socket: No such file");
	supervisor_stop_free(stop);
	peer.supervisor.can_stop = false;
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), -ENOTSUP);
	peer_close(&peer);
}

static void runsv_gets_its_letter(void **state)
{
	struct supervisor_stop *stop;
	struct text fifo = {0};
	struct peer peer;
	char letter = 0;
	int fd;

	(void)state;
	peer_open(&peer, SUPERVISOR_RUNIT);
	text_printf(&fifo, "%s/control", peer.place.dir);
	assert_int_equal(mkfifo(text_str(&fifo), 0600), 0);
	fd = open(text_str(&fifo), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	peer.supervisor.sockets[0] = text_str(&fifo);
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), 0);
	assert_int_equal(supervisor_stop_step(stop), 0);
	assert_int_equal(read(fd, &letter, 1), 1);
	assert_int_equal(letter, 'd');
	supervisor_stop_free(stop);
	close(fd);
	/* a file in its place is left alone */
	unlink(text_str(&fifo));
	peer.supervisor.sockets[1] = NULL;
	place_write(&peer.place, "control", "as it was");
	assert_int_equal(supervisor_stop_begin(&peer.supervisor, &(struct supervisor_stop_config){0}, &stop), 0);
	assert_int_equal(supervisor_stop_step(stop), -EINVAL);
	supervisor_stop_free(stop);
	fd = open(text_str(&fifo), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &letter, 1), 1);
	assert_int_equal(letter, 'a');
	close(fd);
	text_done(&fifo);
	peer_close(&peer);
}

/* ---- Whether it came back ---- */

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
		cmocka_unit_test(pm2_brings_an_app_back_unless_it_ends_too),
		cmocka_unit_test(an_app_whose_god_is_gone_stays_gone),
		cmocka_unit_test(a_name_that_a_shell_would_run_is_quoted),
		cmocka_unit_test(docker_is_asked_for_its_restart_policy),
		cmocka_unit_test(an_engine_that_does_not_say_is_named_with_a_perhaps),
		cmocka_unit_test(a_pod_is_the_kubelets),
		cmocka_unit_test(systemd_restarts_as_the_unit_file_and_its_drop_ins_say),
		cmocka_unit_test(a_unit_is_called_as_systemd_calls_it),
		cmocka_unit_test(an_environment_cannot_say_what_pm2_is_told),
		cmocka_unit_test(an_app_that_pm2_starts_once_does_not_come_back),
		cmocka_unit_test(runit_and_its_like_are_known_by_the_parent),
		cmocka_unit_test(supervisord_tells_its_children_their_names),
		cmocka_unit_test(what_nobody_restarts_is_not_listed),
		cmocka_unit_test(answers_of_engines_are_read),
		cmocka_unit_test(answers_of_pm2_are_read),
		cmocka_unit_test(what_is_sent_has_the_form_that_they_want),
		cmocka_unit_test(an_engine_is_told_and_says_yes_or_no),
		cmocka_unit_test(pm2_is_told_of_each_instance),
		cmocka_unit_test(one_that_hangs_up_or_is_not_there_is_no_success),
		cmocka_unit_test(runsv_gets_its_letter),
		cmocka_unit_test(an_app_that_comes_back_is_counted_and_its_starter_named),
		cmocka_unit_test(a_script_that_starts_it_again_is_named),
		cmocka_unit_test(what_stays_away_is_not_spoken_of),
		cmocka_unit_test(of_thousands_of_orphans_some_are_watched),
		cmocka_unit_test(instances_that_come_back_together_come_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
