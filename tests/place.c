#include "place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clade/io.h"
#include "clade/text.h"
#include "suite.h"

void place_make(struct place *place)
{
	strcpy(place->dir, "/tmp/clade-test-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
}

void place_write(const struct place *place, const char *path, const char *contents)
{
	struct text whole = {0};

	text_printf(&whole, "%s/", place->dir);
	for (const char *c = path; *c; c++) {
		if (*c == '/')
			mkdir(text_str(&whole), 0700);
		text_add_char(&whole, *c);
	}
	assert_int_equal(io_write_file(text_str(&whole), contents, strlen(contents), true), 0);
	text_done(&whole);
}

void place_remove(const struct place *place)
{
	struct text command = {0};

	text_printf(&command, "rm -r %s", place->dir);
	assert_int_equal(system(text_str(&command)), 0);
	text_done(&command);
}
