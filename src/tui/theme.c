#include "theme.h"

#include <stddef.h>
#include <string.h>

#include "clade/tui.h"

/* clang-format off */
static const struct theme themes[] = {
	{"default", "for dark backgrounds, red for alarm", {
		[STYLE_NORMAL]   = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIM]      = {244, -1, -1, -1, 0, 1, 0, 0},
		[STYLE_HEAD]     = {16, 108, 0, 2, 0, 0, 0, 0},
		[STYLE_SELECTED] = {16, 116, 0, 6, 0, 0, 0, 0},
		[STYLE_LABEL]    = {73, -1, 6, -1, 0, 0, 0, 0},
		[STYLE_VALUE]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY]      = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY_TEXT] = {16, 116, 0, 6, 0, 0, 0, 0},
		[STYLE_OWNER]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_USER]     = {71, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_SYSTEM]   = {167, -1, 1, -1, 0, 0, 0, 0},
		[STYLE_IOWAIT]   = {178, -1, 3, -1, 0, 0, 0, 0},
		[STYLE_STEAL]    = {139, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_OK]       = {71, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_WARN]     = {178, -1, 3, -1, 1, 0, 0, 0},
		[STYLE_ALARM]    = {231, 160, 7, 1, 1, 0, 0, 0},
		[STYLE_ZOMBIE]   = {203, -1, 1, -1, 1, 0, 0, 0},
		[STYLE_ORPHAN]   = {178, -1, 3, -1, 0, 0, 0, 0},
		[STYLE_BLOCKED]  = {139, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_RUNNING]  = {71, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_MATCH]    = {16, 186, 0, 3, 0, 0, 0, 0},
		[STYLE_TAGGED]   = {226, -1, 3, -1, 1, 0, 0, 0},
		[STYLE_DIALOGUE] = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIALOGUE_SELECTED] = {16, 116, 0, 6, 0, 0, 0, 0},
	}},
	{"light", "darker colours, for a white background", {
		[STYLE_NORMAL]   = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIM]      = {245, -1, -1, -1, 0, 1, 0, 0},
		[STYLE_HEAD]     = {231, 24, 7, 4, 1, 0, 0, 0},
		[STYLE_SELECTED] = {16, 153, 0, 6, 0, 0, 0, 0},
		[STYLE_LABEL]    = {24, -1, 4, -1, 0, 0, 0, 0},
		[STYLE_VALUE]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY]      = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY_TEXT] = {231, 24, 7, 4, 0, 0, 0, 0},
		[STYLE_OWNER]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_USER]     = {28, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_SYSTEM]   = {124, -1, 1, -1, 0, 0, 0, 0},
		[STYLE_IOWAIT]   = {94, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_STEAL]    = {90, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_OK]       = {28, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_WARN]     = {130, -1, 1, -1, 1, 0, 0, 0},
		[STYLE_ALARM]    = {231, 124, 7, 1, 1, 0, 0, 0},
		[STYLE_ZOMBIE]   = {124, -1, 1, -1, 1, 0, 0, 0},
		[STYLE_ORPHAN]   = {94, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_BLOCKED]  = {90, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_RUNNING]  = {28, -1, 2, -1, 0, 0, 0, 0},
		[STYLE_MATCH]    = {16, 222, 0, 3, 0, 0, 0, 0},
		[STYLE_TAGGED]   = {127, -1, 5, -1, 1, 0, 0, 0},
		[STYLE_DIALOGUE] = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIALOGUE_SELECTED] = {16, 153, 0, 6, 0, 0, 0, 0},
	}},
	{"colourblind", "blue and orange instead of green and red", {
		[STYLE_NORMAL]   = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIM]      = {244, -1, -1, -1, 0, 1, 0, 0},
		[STYLE_HEAD]     = {16, 110, 0, 4, 0, 0, 0, 0},
		[STYLE_SELECTED] = {16, 153, 0, 6, 0, 0, 0, 0},
		[STYLE_LABEL]    = {74, -1, 6, -1, 0, 0, 0, 0},
		[STYLE_VALUE]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY]      = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY_TEXT] = {16, 153, 0, 6, 0, 0, 0, 0},
		[STYLE_OWNER]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_USER]     = {32, -1, 4, -1, 0, 0, 0, 0},
		[STYLE_SYSTEM]   = {208, -1, 3, -1, 0, 0, 0, 0},
		[STYLE_IOWAIT]   = {228, -1, 7, -1, 0, 0, 0, 0},
		[STYLE_STEAL]    = {175, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_OK]       = {32, -1, 4, -1, 0, 0, 0, 0},
		[STYLE_WARN]     = {214, -1, 3, -1, 1, 0, 0, 0},
		[STYLE_ALARM]    = {16, 208, 0, 3, 1, 0, 0, 0},
		[STYLE_ZOMBIE]   = {208, -1, 3, -1, 1, 0, 0, 1},
		[STYLE_ORPHAN]   = {214, -1, 3, -1, 0, 0, 0, 0},
		[STYLE_BLOCKED]  = {175, -1, 5, -1, 0, 0, 0, 0},
		[STYLE_RUNNING]  = {32, -1, 4, -1, 0, 0, 0, 0},
		[STYLE_MATCH]    = {16, 228, 0, 7, 0, 0, 0, 0},
		[STYLE_TAGGED]   = {228, -1, 3, -1, 1, 0, 0, 0},
		[STYLE_DIALOGUE] = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIALOGUE_SELECTED] = {16, 153, 0, 6, 0, 0, 0, 0},
	}},
	{"contrast", "few bright colours on black and white", {
		[STYLE_NORMAL]   = {231, 16, 7, 0, 0, 0, 0, 0},
		[STYLE_DIM]      = {251, 16, 7, 0, 0, 0, 0, 0},
		[STYLE_HEAD]     = {16, 231, 0, 7, 1, 0, 0, 0},
		[STYLE_SELECTED] = {16, 226, 0, 3, 1, 0, 0, 0},
		[STYLE_LABEL]    = {231, 16, 7, 0, 0, 0, 0, 0},
		[STYLE_VALUE]    = {231, 16, 7, 0, 1, 0, 0, 0},
		[STYLE_KEY]      = {231, 16, 7, 0, 1, 0, 0, 0},
		[STYLE_KEY_TEXT] = {16, 231, 0, 7, 0, 0, 0, 0},
		[STYLE_OWNER]    = {231, 16, 7, 0, 1, 0, 0, 0},
		[STYLE_USER]     = {46, 16, 2, 0, 1, 0, 0, 0},
		[STYLE_SYSTEM]   = {226, 16, 3, 0, 1, 0, 0, 0},
		[STYLE_IOWAIT]   = {51, 16, 6, 0, 1, 0, 0, 0},
		[STYLE_STEAL]    = {201, 16, 5, 0, 1, 0, 0, 0},
		[STYLE_OK]       = {46, 16, 2, 0, 1, 0, 0, 0},
		[STYLE_WARN]     = {226, 16, 3, 0, 1, 0, 0, 0},
		[STYLE_ALARM]    = {231, 196, 7, 1, 1, 0, 0, 0},
		[STYLE_ZOMBIE]   = {226, 16, 3, 0, 1, 0, 0, 1},
		[STYLE_ORPHAN]   = {51, 16, 6, 0, 1, 0, 0, 0},
		[STYLE_BLOCKED]  = {201, 16, 5, 0, 1, 0, 0, 0},
		[STYLE_RUNNING]  = {46, 16, 2, 0, 1, 0, 0, 0},
		[STYLE_MATCH]    = {16, 51, 0, 6, 1, 0, 0, 0},
		[STYLE_TAGGED]   = {226, 16, 3, 0, 1, 0, 0, 1},
		[STYLE_DIALOGUE] = {231, 16, 7, 0, 0, 0, 0, 0},
		[STYLE_DIALOGUE_SELECTED] = {16, 226, 0, 3, 1, 0, 0, 0},
	}},
	{"mono", "no colour: bold, reverse and underline only", {
		[STYLE_NORMAL]   = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIM]      = {-1, -1, -1, -1, 0, 1, 0, 0},
		[STYLE_HEAD]     = {-1, -1, -1, -1, 0, 0, 1, 0},
		[STYLE_SELECTED] = {-1, -1, -1, -1, 1, 0, 1, 0},
		[STYLE_LABEL]    = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_VALUE]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY]      = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_KEY_TEXT] = {-1, -1, -1, -1, 0, 0, 1, 0},
		[STYLE_OWNER]    = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_USER]     = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_SYSTEM]   = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_IOWAIT]   = {-1, -1, -1, -1, 0, 0, 0, 1},
		[STYLE_STEAL]    = {-1, -1, -1, -1, 0, 0, 1, 0},
		[STYLE_OK]       = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_WARN]     = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_ALARM]    = {-1, -1, -1, -1, 1, 0, 1, 0},
		[STYLE_ZOMBIE]   = {-1, -1, -1, -1, 1, 0, 0, 1},
		[STYLE_ORPHAN]   = {-1, -1, -1, -1, 0, 0, 0, 1},
		[STYLE_BLOCKED]  = {-1, -1, -1, -1, 0, 0, 0, 1},
		[STYLE_RUNNING]  = {-1, -1, -1, -1, 1, 0, 0, 0},
		[STYLE_MATCH]    = {-1, -1, -1, -1, 0, 0, 0, 1},
		[STYLE_TAGGED]   = {-1, -1, -1, -1, 1, 0, 0, 1},
		[STYLE_DIALOGUE] = {-1, -1, -1, -1, 0, 0, 0, 0},
		[STYLE_DIALOGUE_SELECTED] = {-1, -1, -1, -1, 1, 0, 1, 0},
	}},
};
/* clang-format on */

enum { THEMES = sizeof(themes) / sizeof(themes[0]) };

const struct theme *theme_find(const char *name)
{
	if (!name)
		return &themes[0];
	for (size_t i = 0; i < THEMES; i++) {
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	}
	return NULL;
}

const char *const *theme_names(void)
{
	static const char *const names[] = {"default",  "light", "colourblind",
					    "contrast", "mono",  NULL};

	_Static_assert(sizeof(names) / sizeof(names[0]) == THEMES + 1, "a theme is missing here");
	return names;
}
