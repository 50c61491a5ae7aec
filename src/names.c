#include "names.h"

#include <errno.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* longer words are like nothing */

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped with their neighbour (optimal
 * string alignment). */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3];
		const size_t *before = rows[(i + 2) % 3];
		const size_t *two = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = least_of(before[j - 1] + (a[i - 1] != b[j - 1]),
					  least_of(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least_of(now[j], two[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

static const char *nearest_name(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 2 + 1;

	for (; *names; names++) {
		size_t far = distance(word, *names);

		if (far < best) {
			best = far;
			nearest = *names;
		}
	}
	return nearest;
}

int names_complain(struct text *error, const char *what, const char *word, const char *const *names)
{
	const char *nearest = nearest_name(word, names);

	text_printf(error, "unknown %s '", what);
	for (const char *c = word; *c; c++)
		text_add_char(error, *c >= ' ' && *c < 0x7f ? *c : '?');
	if (nearest)
		text_printf(error, "'; did you mean '%s'?", nearest);
	else
		text_add(error, "'; see clade --help");
	return -EINVAL;
}

int names_check(const char *what, const char *word, const char *const *names, struct text *error)
{
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], word) == 0)
			return 0;
	}
	return names_complain(error, what, word, names);
}
