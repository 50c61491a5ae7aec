/* A directory of a test's own, to find files below. */
#ifndef CLADE_TEST_PLACE_H
#define CLADE_TEST_PLACE_H

struct place {
	char dir[32];
};

void place_make(struct place *place);

/* Writes a file, with the directories above it. */
void place_write(const struct place *place, const char *path, const char *contents);

void place_remove(const struct place *place);

#endif
