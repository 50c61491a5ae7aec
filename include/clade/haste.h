/*
 * Running before others: among three thousand processes that all want to run, a look at /proc comes
 * too late to stop them. Root gets a real-time policy for as long as it stops things; who may not
 * have that goes on as before.
 */
#ifndef CLADE_HASTE_H
#define CLADE_HASTE_H

#include <stdbool.h>

struct haste {
	bool is_on;
	bool is_realtime;
	int policy, priority, nice; /* what was before */
};

void haste_begin(struct haste *haste);
void haste_end(struct haste *haste);

#endif
