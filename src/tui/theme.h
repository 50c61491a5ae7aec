/* How things look, by what they mean. Adding a theme is adding a row to themes[]. */
#ifndef CLADE_THEME_H
#define CLADE_THEME_H

#include <stdbool.h>

enum style {
	STYLE_NORMAL,
	STYLE_DIM,      /* guides, what has ended, unimportant zeros */
	STYLE_HEAD,     /* column titles */
	STYLE_SELECTED, /* the row the keys act on */
	STYLE_LABEL,    /* what a figure is */
	STYLE_VALUE,    /* a figure */
	STYLE_KEY,      /* footer: the key */
	STYLE_KEY_TEXT, /* footer: what it does */
	STYLE_OWNER,    /* an owner's name */
	STYLE_AGENT,    /* its kind */
	STYLE_APP,
	STYLE_CONTAINER,
	STYLE_SERVICE,
	STYLE_USER, /* parts of the CPU bar */
	STYLE_SYSTEM,
	STYLE_IOWAIT,
	STYLE_STEAL,
	STYLE_OK,
	STYLE_CALM,  /* the verdict's word when all is well, */
	STYLE_ALERT, /* and when something is wrong but not yet deadly; else it is STYLE_ALARM */
	STYLE_WARN,  /* growing, near a limit */
	STYLE_ALARM, /* exploding, full */
	STYLE_ZOMBIE,
	STYLE_ORPHAN,
	STYLE_BLOCKED,
	STYLE_RUNNING,
	STYLE_MATCH, /* what a search or filter found */
	STYLE_TAGGED,
	STYLE_DIALOGUE,
	STYLE_DIALOGUE_SELECTED,
	STYLES
};

/* Colours of the 256, of the 16 and of the 8, as the terminal has; -1 is its own. */
struct look {
	short fg, bg;
	short fg16, bg16;
	short fg8, bg8;
	bool is_bold, is_dim, is_reverse, is_underlined;
};

struct theme {
	const char *name;
	const char *summary;
	bool is_light; /* for light backgrounds, on which a lighter colour is no emphasis */
	struct look looks[STYLES];
};

/* The theme of that name; NULL gives the default, an unknown name NULL. */
const struct theme *theme_find(const char *name);

#endif
