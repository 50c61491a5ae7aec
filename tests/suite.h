/* What every unit test needs of cmocka; its header wants these four before it. */
#ifndef CLADE_SUITE_H
#define CLADE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_contains(text, part) assert_contains_at(text, part, __FILE__, __LINE__)

#include <stdio.h>
#include <string.h>

static inline void assert_contains_at(const char *text, const char *part, const char *file, int line)
{
	if (!text || !strstr(text, part)) {
		print_error("'%s' is not in '%s'\n", part, text ? text : "(null)");
		_fail(file, line);
	}
}

#endif
