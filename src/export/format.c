#include <string.h>

#include "writers.h"

enum { DRAIN_BYTES = 64 << 10 };

/* clang-format off */
const struct export_format formats[] = {
	{"text", "a report for a ticket: verdict, machine, owners, the hottest tree", export_report},
	{"json", "one document with everything, see clade(1)",                       export_json},
	{NULL, NULL, NULL},
};
/* clang-format on */

const struct export_format *export_find(const char *name)
{
	for (const struct export_format *format = formats; format->name; format++) {
		if (strcmp(format->name, name) == 0)
			return format;
	}
	return NULL;
}

static void hand_on(struct outlet *outlet)
{
	if (outlet->error == 0 && outlet->text.len > 0)
		outlet->error =
			outlet->sink(outlet->context, text_str(&outlet->text), outlet->text.len);
	text_clear(&outlet->text);
}

void outlet_drain(struct outlet *outlet)
{
	if (outlet->text.len >= DRAIN_BYTES)
		hand_on(outlet);
}

int outlet_done(struct outlet *outlet)
{
	hand_on(outlet);
	text_done(&outlet->text);
	return outlet->error;
}
