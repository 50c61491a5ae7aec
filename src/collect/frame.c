#include "clade/frame.h"

#include <string.h>

#include "clade/hash.h"
#include "clade/zst.h"

/* Offsets in a head; numbers are little endian. */
enum {
	AT_MAGIC = 0,
	AT_LENGTH = 4, /* of what follows */
	AT_MARK = 8,
	AT_TAKEN = 16,
	AT_MONO = 24,
	AT_FRAME = 32,
	AT_PROCESSES = 40,
	AT_FLAGS = 44,
	AT_VERDICT = 48,
	AT_WORD = 52,
	AT_CHECK = 68, /* of all before it */
};

enum { FLAG_FULL = 1, FLAG_FIRST = 2 };

static const char mark[8] = {'c', 'l', 'a', 'd', 'e', 'i', 'x', '1'};

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

static uint32_t check_of(const unsigned char *head)
{
	uint64_t hash = hash_add(HASH_START, head, AT_CHECK);

	return (uint32_t)(hash ^ hash >> 32);
}

void frame_put_head(unsigned char head[FRAME_HEAD_LEN], const struct recording_sample *sample,
		    uint64_t frame_len)
{
	put(head + AT_MAGIC, ZST_MAGIC_SKIP, 4);
	put(head + AT_LENGTH, FRAME_HEAD_LEN - ZST_SKIP_HEAD, 4);
	memcpy(head + AT_MARK, mark, sizeof(mark));
	put(head + AT_TAKEN, sample->taken_ms, 8);
	put(head + AT_MONO, sample->mono_ms, 8);
	put(head + AT_FRAME, frame_len, 8);
	put(head + AT_PROCESSES, sample->processes, 4);
	put(head + AT_FLAGS,
	    (sample->is_full ? FLAG_FULL : 0u) | (sample->is_first ? FLAG_FIRST : 0u), 4);
	put(head + AT_VERDICT, sample->verdict, 4);
	memcpy(head + AT_WORD, sample->word, WORD_LEN);
	put(head + AT_CHECK, check_of(head), 4);
}

bool frame_parse_head(const void *bytes, size_t len, struct recording_sample *sample,
		      uint64_t *frame_len)
{
	const unsigned char *head = bytes;
	uint64_t flags;

	if (len < FRAME_HEAD_LEN || get(head + AT_MAGIC, 4) != ZST_MAGIC_SKIP ||
	    get(head + AT_LENGTH, 4) != FRAME_HEAD_LEN - ZST_SKIP_HEAD ||
	    memcmp(head + AT_MARK, mark, sizeof(mark)) != 0 ||
	    get(head + AT_CHECK, 4) != check_of(head))
		return false;
	flags = get(head + AT_FLAGS, 4);
	*sample = (struct recording_sample){
		.taken_ms = get(head + AT_TAKEN, 8),
		.mono_ms = get(head + AT_MONO, 8),
		.processes = (uint32_t)get(head + AT_PROCESSES, 4),
		.verdict = (uint32_t)get(head + AT_VERDICT, 4),
		.is_full = (flags & FLAG_FULL) != 0,
		.is_first = (flags & FLAG_FIRST) != 0,
	};
	memcpy(sample->word, head + AT_WORD, WORD_LEN - 1);
	*frame_len = get(head + AT_FRAME, 8);
	return true;
}

uint32_t frame_verdict(const char *word, const char *owner)
{
	uint64_t hash = hash_add(HASH_START, word, strlen(word) + 1);

	if (owner)
		hash = hash_add(hash, owner, strlen(owner));
	return (uint32_t)(hash ^ hash >> 32);
}

size_t frame_find_head(const void *bytes, size_t len)
{
	unsigned char start[AT_MARK];
	const unsigned char *found;

	put(start + AT_MAGIC, ZST_MAGIC_SKIP, 4);
	put(start + AT_LENGTH, FRAME_HEAD_LEN - ZST_SKIP_HEAD, 4);
	found = memmem(bytes, len, start, sizeof(start));
	return found ? (size_t)(found - (const unsigned char *)bytes) : len;
}
