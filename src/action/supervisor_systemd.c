/* systemd: the machine's, and those of users. */
#include "supervisor_parts.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"
#include "clade/safe.h"
#include "clade/users.h"
#include "restart.h"

/* Whether a unit is of a user's own manager: "…/user@1000.service/app.slice/x.service". */
static bool is_users(const char *cgroup, const char *unit, uint32_t *uid)
{
	const char *manager = cgroup ? strstr(cgroup, "/user@") : NULL;
	char *end;

	if (!manager)
		return false;
	*uid = (uint32_t)strtoul(manager + strlen("/user@"), &end, 10);
	return strncmp(end, ".service/", 9) == 0 && strncmp(unit, "user@", 5) != 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether a component of a path, with \xNN as systemd-escape(1) writes it, is that name. */
static bool is_escaped(const char *component, size_t len, const char *name)
{
	for (size_t i = 0; i < len; name++) {
		char c = component[i++];

		if (c == '\\' && len - i >= 3 && component[i] == 'x' &&
		    hex_value(component[i + 1]) >= 0 && hex_value(component[i + 2]) >= 0) {
			c = (char)(16 * hex_value(component[i + 1]) + hex_value(component[i + 2]));
			i += 3;
		}
		if (c != *name)
			return false;
	}
	return !*name;
}

/* The unit as systemd calls it, for which a control group is named: an owner's key is for people,
 * and has "my-shop" for "my\x2dshop". NULL when there is none. */
static char *unit_name(const char *cgroup, const char *key)
{
	while (cgroup && *cgroup) {
		size_t len = strcspn(cgroup, "/\n");

		if (len > 0 && is_escaped(cgroup, len, key))
			return mem_strndup(cgroup, len);
		cgroup += len + (cgroup[len] != '\0');
	}
	return NULL;
}

/* Where the manager listens: on its own socket for its own user, else on the bus. */
static void set_managers(struct finding *finding, struct supervisor *item, bool is_user,
			 uint32_t uid)
{
	text_add(&finding->line, finding->root);
	if (is_user)
		text_printf(&finding->line, "/run/user/%u/systemd/private", (unsigned)uid);
	else
		text_add(&finding->line, "/run/systemd/private");
	item->sockets[0] = finding_take_line(finding);
	if (!is_user) {
		text_printf(&finding->line, "%s/run/dbus/system_bus_socket", finding->root);
		item->sockets[1] = finding_take_line(finding);
	}
	supervisor_check_sockets(item);
}

static void say_systemd(struct finding *finding, struct supervisor *item, const struct text *value)
{
	text_printf(&finding->line,
		    "systemd %s %s again: ", item->is_certain ? "starts" : "may start", item->name);
	if (item->is_certain) {
		text_add(&finding->line, "Restart=");
		safe_add(&finding->line, text_str(value), value->len);
	} else {
		text_add(&finding->line, "its unit file cannot be found");
	}
	item->sentence = finding_take_line(finding);
}

void find_systemd_manager(struct finding *finding, int32_t owner, int32_t root)
{
	const struct owner *unit = &finding->attr->owners[owner];
	const char *cgroup = finding_process(finding, root)->facts->cgroup;
	char *name = unit_name(cgroup, unit->key);
	uint32_t uid = 0;
	bool is_user = is_users(cgroup, unit->key, &uid);
	struct text value = {0};
	struct text passwd = {0};
	struct users *users;
	const char *home;
	const char *user;
	enum restart restart;

	if (!name)
		return;
	text_printf(&passwd, "%s/etc/passwd", finding->root);
	users = users_new(text_str(&passwd));
	home = users_find_home(users, uid);
	user = users_find_name(users, uid);
	restart = restart_read_unit(finding->root,
				    !is_user ? NULL
				    : home   ? home
					     : "/nonexistent",
				    name, &value);
	if (restart != RESTART_NO) {
		struct supervisor *item =
			finding_add(finding, SUPERVISOR_SYSTEMD, owner, unit->name);

		item->is_certain = restart == RESTART_YES;
		item->id = finding_keep(finding, name);
		say_systemd(finding, item, &value);
		text_add(&finding->line, "systemctl ");
		if (is_user)
			text_printf(&finding->line, "--user --machine=%s@ ", user ? user : "USER");
		text_add(&finding->line, "stop ");
		finding_add_word(&finding->line, name);
		item->command = finding_take_line(finding);
		set_managers(finding, item, is_user, uid);
	}
	users_free(users);
	free(name);
	text_done(&passwd);
	text_done(&value);
}
