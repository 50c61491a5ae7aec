#include "clade/users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clade/hash.h"
#include "clade/mem.h"

struct user {
	uint32_t uid;
	char *name;
	char *home;
	UT_hash_handle hh;
};

struct users {
	struct user *by_uid;
};

static void add(struct users *users, const struct passwd *entry)
{
	uint32_t uid = entry->pw_uid;
	struct user *user;

	HASH_FIND(hh, users->by_uid, &uid, sizeof(uid), user);
	if (user)
		return; /* the first line of a uid names it, as getpwuid(3) has it */
	user = mem_new(1, sizeof(*user));
	user->uid = uid;
	user->name = mem_strdup(entry->pw_name);
	user->home = mem_strdup(entry->pw_dir);
	HASH_ADD(hh, users->by_uid, uid, sizeof(user->uid), user);
}

void users_learn(struct users *users, uint32_t uid, const char *name)
{
	struct user *user;

	HASH_FIND(hh, users->by_uid, &uid, sizeof(uid), user);
	if (user)
		return;
	user = mem_new(1, sizeof(*user));
	user->uid = uid;
	user->name = mem_strdup(name);
	HASH_ADD(hh, users->by_uid, uid, sizeof(user->uid), user);
}

struct users *users_new(const char *path)
{
	struct users *users = mem_new(1, sizeof(*users));
	FILE *file = fopen(path, "re");
	const struct passwd *entry;

	if (!file)
		return users;
	for (entry = fgetpwent(file); entry; entry = fgetpwent(file))
		add(users, entry);
	fclose(file);
	return users;
}

void users_free(struct users *users)
{
	struct user *user, *next;

	if (!users)
		return;
	HASH_ITER (hh, users->by_uid, user, next) {
		HASH_DEL(users->by_uid, user);
		free(user->name);
		free(user->home);
		free(user);
	}
	free(users);
}

static const struct user *find(const struct users *users, uint32_t uid)
{
	struct user *user;

	HASH_FIND(hh, users->by_uid, &uid, sizeof(uid), user);
	return user;
}

const char *users_find_name(const struct users *users, uint32_t uid)
{
	const struct user *user = find(users, uid);

	return user ? user->name : NULL;
}

const char *users_find_home(const struct users *users, uint32_t uid)
{
	const struct user *user = find(users, uid);

	return user ? user->home : NULL;
}

int users_find_uid(const struct users *users, const char *name, uint32_t *uid)
{
	for (const struct user *user = users->by_uid; user; user = user->hh.next) {
		if (strcmp(user->name, name) == 0) {
			*uid = user->uid;
			return 0;
		}
	}
	return -ENOENT;
}
