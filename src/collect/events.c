#include "clade/events.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

enum {
	BATCH = 64,              /* messages taken at once */
	MESSAGE = 256,           /* more than any of them has */
	DRAIN_MOST = 20000,      /* at one time: a flood must not keep us from the keyboard */
	BUFFER_BYTES = 32 << 20, /* the kernel counts about 800 bytes for each message that waits */
	ANSWER_MS = 200,
	CPUS = 1024,
};

/* Members of struct proc_event by their names before and after Linux 6.6 are the same numbers. */
enum { FORK = 0x1, EXEC = 0x2, EXIT = (int)0x80000000 };

struct events {
	int fd;
	uint32_t next[CPUS]; /* sequence number that each CPU's next event has; 0: not known */
	char buffers[BATCH][MESSAGE];
};

/* struct proc_event: what, cpu, time (8 bytes), then by kind. Its union is copied in pieces: newer
 * kernels have made it larger. */
int event_parse(const char *bytes, size_t len, struct event *event)
{
	enum { HEAD = sizeof(struct nlmsghdr) + sizeof(struct cn_msg), WORDS = 8 };
	struct nlmsghdr netlink;
	struct cn_msg connector;
	uint32_t words[WORDS] = {0}; /* what, cpu, time, time, and four of the union */
	struct event made = {.kind = EVENT_OTHER};

	if (len < HEAD + sizeof(words))
		return -EINVAL;
	memcpy(&netlink, bytes, sizeof(netlink));
	memcpy(&connector, bytes + sizeof(netlink), sizeof(connector));
	memcpy(words, bytes + HEAD, sizeof(words));
	if (netlink.nlmsg_len < HEAD + sizeof(words) || netlink.nlmsg_len > len ||
	    connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC ||
	    connector.len < sizeof(words))
		return -EINVAL;
	made.cpu = words[1];
	made.sequence = connector.seq;
	switch ((int)words[0]) {
	case FORK: /* parent's pid and tgid, child's pid and tgid */
		made.kind = words[6] == words[7] ? EVENT_FORK : EVENT_OTHER;
		made.parent = (int32_t)words[5];
		made.pid = (int32_t)words[7];
		break;
	case EXEC: /* pid and tgid */
		made.kind = EVENT_EXEC;
		made.pid = (int32_t)words[5];
		break;
	case EXIT:
		made.kind = words[4] == words[5] ? EVENT_EXIT : EVENT_OTHER;
		made.pid = (int32_t)words[5];
		break;
	default:
		break;
	}
	*event = made;
	return 0;
}

static int ask(int fd, enum proc_cn_mcast_op what)
{
	const struct cn_msg connector = {
		.id = {CN_IDX_PROC, CN_VAL_PROC},
		.len = sizeof(what),
	};
	char message[sizeof(struct nlmsghdr) + sizeof(connector) + sizeof(what)];
	const struct nlmsghdr netlink = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE};

	memcpy(message, &netlink, sizeof(netlink));
	memcpy(message + sizeof(netlink), &connector, sizeof(connector));
	memcpy(message + sizeof(netlink) + sizeof(connector), &what, sizeof(what));
	return send(fd, message, sizeof(message), 0) < 0 ? -errno : 0;
}

/* Where it does not want us the kernel says nothing at all. */
static int wait_for_answer(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char bytes[MESSAGE];

	if (poll(&poller, 1, ANSWER_MS) <= 0)
		return -EPERM;
	return recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int events_open(struct events **events)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	struct events *opened;
	int size = BUFFER_BYTES;
	int rc = 0;
	int fd;

	/* elsewhere the kernel would not answer, and we would wait */
	if (!host_is_initial())
		return -EPERM;
	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		rc = -errno;
	if (rc == 0)
		rc = ask(fd, PROC_CN_MCAST_LISTEN);
	if (rc == 0)
		rc = wait_for_answer(fd);
	opened = rc == 0 ? calloc(1, sizeof(*opened)) : NULL;
	if (!opened) {
		close(fd);
		return rc == 0 ? -ENOMEM : rc;
	}
	opened->fd = fd;
	*events = opened;
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	ask(events->fd, PROC_CN_MCAST_IGNORE);
	close(events->fd);
	free(events);
}

/* How many events of its CPU are missing before this one. The answers to whoever begins or ends to
 * listen go to all, and are counted like events. */
static uint32_t gap_before(struct events *events, const struct event *event)
{
	uint32_t *next;
	uint32_t missing;

	if (event->cpu >= CPUS)
		return 0;
	next = &events->next[event->cpu];
	missing = *next != 0 ? event->sequence - *next : 0;
	*next = event->sequence + 1;
	return missing;
}

bool events_drain(struct events *events, void (*take)(void *context, const struct event *event),
		  void *context)
{
	static const struct event overflow = {.kind = EVENT_LOST, .lost = UINT32_MAX};
	struct iovec pieces[BATCH];
	struct mmsghdr messages[BATCH];

	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){events->buffers[i], MESSAGE};
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (int taken = 0; taken < DRAIN_MOST;) {
		int n = recvmmsg(events->fd, messages, BATCH, MSG_DONTWAIT, NULL);

		if (n < 0 && errno == ENOBUFS) {
			take(context, &overflow);
			continue;
		}
		if (n <= 0)
			return true;
		for (int i = 0; i < n; i++) {
			struct event lost = {.kind = EVENT_LOST};
			struct event event;

			if (event_parse(events->buffers[i], messages[i].msg_len, &event) != 0)
				continue;
			lost.lost = gap_before(events, &event);
			if (lost.lost > 0)
				take(context, &lost);
			take(context, &event);
		}
		taken += n;
	}
	return false;
}
