#include "bus.h"

#include <config.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"

/* libsystemd cannot be linked statically */
#if defined(HAVE_LIBSYSTEMD) && !defined(WITHOUT_LIBSYSTEMD)

#include <systemd/sd-bus.h>

struct bus {
	sd_bus *bus;
	bool is_answered;
	int rc;
	struct text said;
};

bool bus_is_built(void)
{
	return true;
}

static int take_answer(sd_bus_message *message, void *context, sd_bus_error *failure)
{
	struct bus *bus = context;
	const sd_bus_error *error = sd_bus_message_get_error(message);

	(void)failure;
	bus->is_answered = true;
	if (error) {
		const char *words = error->message ? error->message : error->name;

		bus->rc = -sd_bus_message_get_errno(message);
		safe_add(&bus->said, words, strlen(words));
	}
	return 0;
}

/* systemd's own socket is no bus: nobody says Hello there. */
static bool is_private(const char *socket)
{
	size_t len = strlen(socket);

	return len > 8 && strcmp(socket + len - 8, "/private") == 0;
}

static int begin(struct bus *bus, const char *socket, const char *unit)
{
	struct text address = {0};
	int rc;

	for (const char *c = socket; *c; c++) {
		if (*c == '/' || *c == '-' || *c == '_' || *c == '.' || (*c >= '0' && *c <= '9') ||
		    (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z'))
			text_add_char(&address, *c);
		else
			text_printf(&address, "%%%02x", (unsigned char)*c);
	}
	rc = sd_bus_new(&bus->bus);
	if (rc >= 0) {
		struct text whole = {0};

		text_printf(&whole, "unix:path=%s", text_str(&address));
		rc = sd_bus_set_address(bus->bus, text_str(&whole));
		text_done(&whole);
	}
	text_done(&address);
	if (rc >= 0)
		rc = sd_bus_set_bus_client(bus->bus, !is_private(socket));
	if (rc >= 0)
		rc = sd_bus_start(bus->bus);
	if (rc >= 0)
		rc = sd_bus_call_method_async(bus->bus, NULL, "org.freedesktop.systemd1",
					      "/org/freedesktop/systemd1",
					      "org.freedesktop.systemd1.Manager", "StopUnit",
					      take_answer, bus, "ss", unit, "replace");
	return rc < 0 ? rc : 0;
}

int bus_begin(const char *socket, const char *unit, struct bus **bus)
{
	struct bus *begun = mem_new(1, sizeof(*begun));
	int rc = begin(begun, socket, unit);

	if (rc != 0) {
		bus_free(begun);
		return rc;
	}
	*bus = begun;
	return 0;
}

int bus_step(struct bus *bus, struct text *message)
{
	int rc = 1;

	while (!bus->is_answered && rc > 0)
		rc = sd_bus_process(bus->bus, NULL);
	if (!bus->is_answered)
		return rc < 0 ? rc : 1;
	text_clear(message);
	text_add(message, text_str(&bus->said));
	return bus->rc;
}

int bus_fd(const struct bus *bus)
{
	return sd_bus_get_fd(bus->bus);
}

short bus_events(const struct bus *bus)
{
	int events = sd_bus_get_events(bus->bus);

	return events < 0 ? POLLIN : (short)events;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	sd_bus_close_unref(bus->bus);
	text_done(&bus->said);
	free(bus);
}

#else

bool bus_is_built(void)
{
	return false;
}

int bus_begin(const char *socket, const char *unit, struct bus **bus)
{
	(void)socket;
	(void)unit;
	(void)bus;
	return -ENOTSUP;
}

int bus_step(struct bus *bus, struct text *message)
{
	(void)bus;
	(void)message;
	return -ENOTSUP;
}

int bus_fd(const struct bus *bus)
{
	(void)bus;
	return -1;
}

short bus_events(const struct bus *bus)
{
	(void)bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	(void)bus;
}

#endif
