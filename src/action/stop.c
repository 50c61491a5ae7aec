/* Tells a supervisor to end something: one exchange after the other over a unix socket, none of
 * which blocks. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "clade/clock.h"
#include "clade/mem.h"
#include "clade/supervisor.h"
#include "wire.h"

enum {
	ANSWER_MAX = 8 << 20,  /* PM2 answers with an app's whole environment */
	ANSWER_MS = 10 * 1000, /* beyond the grace */
};

struct supervisor_stop {
	const struct supervisor *supervisor;
	double grace_s;
	size_t socket; /* which one is being tried */
	size_t target; /* which of PM2's ids */
	int fd;        /* -1: not connected */
	size_t sent;
	struct text out, in;
	struct bus *bus; /* systemd's */
	uint64_t until_ms;
	int rc;
	struct text message; /* of the supervisor, or of the last failure */
	struct text words;
};

static bool is_over_http(enum supervisor_kind kind)
{
	return kind == SUPERVISOR_DOCKER || kind == SUPERVISOR_PODMAN ||
	       kind == SUPERVISOR_SUPERVISORD;
}

/* What this supervisor is sent. */
static void make_request(struct supervisor_stop *stop)
{
	const struct supervisor *supervisor = stop->supervisor;

	text_clear(&stop->out);
	text_clear(&stop->in);
	stop->sent = 0;
	switch (supervisor->kind) {
	case SUPERVISOR_PM2:
		wire_add_pm2_call(&stop->out, "stopProcessId", supervisor->targets[stop->target]);
		break;
	case SUPERVISOR_DOCKER:
	case SUPERVISOR_PODMAN:
		wire_add_container_stop(&stop->out, supervisor->id, stop->grace_s);
		break;
	case SUPERVISOR_SUPERVISORD:
		wire_add_supervisord_stop(&stop->out, supervisor->id);
		break;
	case SUPERVISOR_RUNIT:
		text_add(&stop->out, "d");
		break;
	default:
		break;
	}
}

static int connect_to(const char *path, int *connected)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	*connected = fd;
	return 0;
}

/* runsv reads its orders from a FIFO. */
static int open_fifo(const char *path, int *opened)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	struct stat st;

	if (fd < 0)
		return -errno;
	/* the directory is the process's own choice: it must not lead us to write into a file */
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	*opened = fd;
	return 0;
}

static int open_socket(struct supervisor_stop *stop, const char *path)
{
	if (stop->supervisor->kind == SUPERVISOR_SYSTEMD)
		return bus_begin(path, stop->supervisor->id, &stop->bus);
	if (stop->supervisor->kind == SUPERVISOR_RUNIT)
		return open_fifo(path, &stop->fd);
	return connect_to(path, &stop->fd);
}

static void hang_up(struct supervisor_stop *stop)
{
	if (stop->fd >= 0)
		close(stop->fd);
	stop->fd = -1;
	bus_free(stop->bus);
	stop->bus = NULL;
}

/* Returns 0, or the failure of the last socket. EAGAIN: its queue is full, try again. */
static int dial(struct supervisor_stop *stop)
{
	const char *const *sockets = stop->supervisor->sockets;
	int rc = -ENOENT;

	for (; stop->socket < SUPERVISOR_SOCKETS_MAX && sockets[stop->socket]; stop->socket++) {
		rc = open_socket(stop, sockets[stop->socket]);
		if (rc == 0 || rc == -EAGAIN)
			break;
		if (stop->message.len == 0)
			text_printf(&stop->message, "%s: %s", sockets[stop->socket], strerror(-rc));
	}
	if (rc == 0)
		make_request(stop);
	return rc;
}

static int send_request(struct supervisor_stop *stop)
{
	while (stop->sent < stop->out.len) {
		const char *from = stop->out.data + stop->sent;
		size_t len = stop->out.len - stop->sent;
		ssize_t n = stop->supervisor->kind == SUPERVISOR_RUNIT
				    ? write(stop->fd, from, len)
				    : send(stop->fd, from, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		stop->sent += (size_t)n;
	}
	return 0;
}

/* Returns 1 when bytes came, 0 at the end, -EAGAIN, or -errno. */
static int receive(struct supervisor_stop *stop)
{
	char *room = text_room(&stop->in, 1 << 16);
	ssize_t n = recv(stop->fd, room, 1 << 16, 0);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	text_added(&stop->in, (size_t)n);
	if (stop->in.len > ANSWER_MAX)
		return -EMSGSIZE;
	return n > 0;
}

/* 204: done, 304: it was stopped already, 200: supervisord. 404: another engine has it. */
static int judge_http(struct supervisor_stop *stop)
{
	int status = wire_parse_http(stop->in.data, stop->in.len, &stop->message);

	if (status < 0)
		return status;
	if (status == 404)
		return -ENOENT;
	return status == 200 || status == 204 || status == 304 ? 0 : -EREMOTEIO;
}

/* Reads until the answer is whole. Returns 1 when it is not yet, 0, or -errno. */
static int hear(struct supervisor_stop *stop)
{
	bool is_http = is_over_http(stop->supervisor->kind);
	int rc;

	do {
		rc = receive(stop);
		if (rc == 1 && !is_http) {
			int verdict = wire_parse_pm2(stop->in.data, stop->in.len, &stop->message);

			if (verdict != -EAGAIN)
				return verdict;
		}
	} while (rc == 1);
	if (rc == -EAGAIN)
		return 1;
	if (rc < 0)
		return rc;
	return is_http ? judge_http(stop) : -ECONNRESET;
}

/* One exchange, as far as it goes. Returns 1 when it is not over, 0, or -errno. */
static int talk(struct supervisor_stop *stop)
{
	int rc;

	if (stop->bus)
		return bus_step(stop->bus, &stop->message);
	rc = send_request(stop);
	if (rc == -EAGAIN)
		return 1;
	if (rc != 0 || stop->supervisor->kind == SUPERVISOR_RUNIT)
		return rc;
	return hear(stop);
}

static int finish(struct supervisor_stop *stop, int rc)
{
	const struct supervisor *supervisor = stop->supervisor;
	const char *who = supervisor_kind_name(supervisor->kind);

	hang_up(stop);
	text_clear(&stop->words);
	if (rc == 0)
		text_printf(&stop->words, "%s has stopped %s", who, supervisor->name);
	else if (stop->message.len > 0)
		text_printf(&stop->words, "%s did not stop %s: %s; by hand: %s", who,
			    supervisor->name, text_str(&stop->message), supervisor->command);
	else
		text_printf(&stop->words, "%s did not stop %s: %s; by hand: %s", who,
			    supervisor->name, strerror(-rc), supervisor->command);
	/* its client would wait as we did; the daemon first, or the app is back */
	if (rc == -ETIMEDOUT && supervisor->kind == SUPERVISOR_PM2)
		text_printf(&stop->words, "; or the daemon with all its apps: clade kill pid:%d",
			    (int)supervisor->key.pid);
	stop->rc = rc;
	return rc;
}

/* Another one may have it, or may answer. */
static bool is_worth_another(int rc)
{
	return rc == -ENOENT || rc == -ECONNRESET || rc == -ECONNREFUSED || rc == -EPIPE ||
	       rc == -EBADMSG;
}

/* An exchange failed: the next socket, if there is one. */
static int try_next(struct supervisor_stop *stop, int rc)
{
	hang_up(stop);
	stop->socket++;
	if (is_worth_another(rc) && stop->socket < SUPERVISOR_SOCKETS_MAX &&
	    stop->supervisor->sockets[stop->socket])
		return 1;
	return finish(stop, rc);
}

int supervisor_stop_begin(const struct supervisor *supervisor,
			  const struct supervisor_stop_config *config,
			  struct supervisor_stop **stop)
{
	struct supervisor_stop *begun;

	if (!supervisor->can_stop || !supervisor->sockets[0] ||
	    (supervisor->kind == SUPERVISOR_PM2 && supervisor->n_targets == 0) ||
	    (supervisor->kind == SUPERVISOR_SYSTEMD && !bus_is_built()))
		return -ENOTSUP;
	begun = mem_new(1, sizeof(*begun));
	begun->supervisor = supervisor;
	begun->grace_s = config->grace_s;
	begun->fd = -1;
	begun->rc = 1;
	begun->until_ms =
		clock_ms(CLOCK_MONOTONIC) + ANSWER_MS + (uint64_t)(config->grace_s * 1000);
	*stop = begun;
	return 0;
}

int supervisor_stop_step(struct supervisor_stop *stop)
{
	int rc;

	if (stop->rc <= 0)
		return stop->rc;
	if (clock_ms(CLOCK_MONOTONIC) >= stop->until_ms) {
		text_clear(&stop->message);
		text_add(&stop->message, "it does not answer");
		return finish(stop, -ETIMEDOUT);
	}
	if (stop->fd < 0 && !stop->bus) {
		rc = dial(stop);
		if (rc == -EAGAIN)
			return 1;
		if (rc != 0)
			return finish(stop, rc);
	}
	rc = talk(stop);
	if (rc > 0)
		return 1;
	if (rc < 0)
		return try_next(stop, rc);
	hang_up(stop);
	stop->target++;
	if (stop->target < stop->supervisor->n_targets)
		return 1;
	return finish(stop, 0);
}

const char *supervisor_stop_words(const struct supervisor_stop *stop)
{
	return text_str(&stop->words);
}

void supervisor_stop_wait(const struct supervisor_stop *stop, int timeout_ms)
{
	struct pollfd end = {.fd = -1};

	if (stop->bus) {
		end.fd = bus_fd(stop->bus);
		end.events = bus_events(stop->bus);
	} else if (stop->fd >= 0) {
		end.fd = stop->fd;
		end.events = stop->sent < stop->out.len ? POLLOUT : POLLIN;
	}
	poll(&end, 1, timeout_ms);
}

void supervisor_stop_free(struct supervisor_stop *stop)
{
	if (!stop)
		return;
	hang_up(stop);
	text_done(&stop->out);
	text_done(&stop->in);
	text_done(&stop->message);
	text_done(&stop->words);
	free(stop);
}
