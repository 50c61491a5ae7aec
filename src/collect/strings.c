#include "strings.h"

#include <stddef.h>
#include <string.h>

#include "clade/hash.h"

struct string_entry {
	UT_hash_handle hh;
	const char *copy; /* made in turn `turn` */
	uint64_t turn;
	char s[];
};

const char *strings_keep(struct strings *strings, const char *s)
{
	struct string_entry *entry;
	size_t len;

	if (!s)
		return NULL;
	len = strlen(s);
	HASH_FIND(hh, strings->entries, s, len, entry);
	if (entry)
		return entry->s;
	entry = arena_new(&strings->arena, 1, sizeof(*entry) + len + 1);
	if (!entry) {
		strings->is_lost = true;
		return NULL;
	}
	memcpy(entry->s, s, len + 1);
	HASH_ADD_KEYPTR(hh, strings->entries, entry->s, len, entry);
	return entry->s;
}

const char *strings_copy(struct strings *strings, const char *kept, struct arena *arena)
{
	struct string_entry *entry;

	if (!kept)
		return NULL;
	/* a kept string lies in its entry */
	entry = (struct string_entry *)(uintptr_t)(kept - offsetof(struct string_entry, s));
	if (!entry->copy || entry->turn != strings->turn) {
		entry->copy = arena_strdup(arena, kept);
		entry->turn = strings->turn;
		if (!entry->copy)
			strings->is_lost = true;
	}
	return entry->copy;
}

void strings_turn(struct strings *strings)
{
	strings->turn++;
}

void strings_done(struct strings *strings)
{
	HASH_CLEAR(hh, strings->entries);
	arena_done(&strings->arena);
	*strings = (struct strings){0};
}
