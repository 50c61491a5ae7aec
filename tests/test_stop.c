/* How a supervisor is told to stop something, and what it answers. */
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
#include "clade/mem.h"
#include "clade/supervisor.h"
#include "place.h"
#include "suite.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_engines_are_read),
		cmocka_unit_test(answers_of_pm2_are_read),
		cmocka_unit_test(what_is_sent_has_the_form_that_they_want),
		cmocka_unit_test(an_engine_is_told_and_says_yes_or_no),
		cmocka_unit_test(pm2_is_told_of_each_instance),
		cmocka_unit_test(one_that_hangs_up_or_is_not_there_is_no_success),
		cmocka_unit_test(runsv_gets_its_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
