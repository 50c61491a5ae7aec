/* The writers behind formats[], and the buffer they share. */
#ifndef CLADE_WRITERS_H
#define CLADE_WRITERS_H

#include "clade/export.h"

/* Bytes on their way to a sink: handed on whenever some tens of kilobytes are there. */
struct outlet {
	struct text text;
	export_sink *sink;
	void *context;
	int error; /* the first failure; nothing is handed on after it */
};

/* Hands on what is there if it is much. */
void outlet_drain(struct outlet *outlet);

/* Hands on the rest and frees the buffer. Returns 0 or the first failure. */
int outlet_done(struct outlet *outlet);

int export_json(const struct model *model, const struct export_config *config, export_sink *sink,
		void *context);
int export_report(const struct model *model, const struct export_config *config, export_sink *sink,
		  void *context);

#endif
