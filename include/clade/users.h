/*
 * User names, read once from /etc/passwd with fgetpwent(3): never through NSS, which may ask a
 * network that is down.
 */
#ifndef CLADE_USERS_H
#define CLADE_USERS_H

#include <stdint.h>

struct users;

/* Reads `path` (normally "/etc/passwd"); a file that cannot be read gives an empty table. */
struct users *users_new(const char *path);
void users_free(struct users *users);

/* Adds a name that was heard elsewhere; a uid that has one keeps it. */
void users_learn(struct users *users, uint32_t uid, const char *name);

/* The name or home directory of a user, or NULL when the table does not know; borrowed from the
 * table. */
const char *users_find_name(const struct users *users, uint32_t uid);
const char *users_find_home(const struct users *users, uint32_t uid);

/* The number of the user of that name; returns 0, or -ENOENT. */
int users_find_uid(const struct users *users, const char *name, uint32_t *uid);

#endif
