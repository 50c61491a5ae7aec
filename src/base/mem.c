#include "clade/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	mem_last_resort *resort;
	void *context;
} last;

void mem_set_last_resort(mem_last_resort *resort, void *context)
{
	last.resort = resort;
	last.context = context;
}

/* stdio may need memory itself */
_Noreturn void mem_exhausted(void)
{
	static const char message[] = "clade: out of memory\n";
	bool is_said = write(STDERR_FILENO, message, sizeof(message) - 1) >= 0;
	mem_last_resort *resort = last.resort;

	/* should it need memory after all, that is the end */
	last.resort = NULL;
	if (resort)
		resort(last.context);
	if (!is_said)
		_exit(1);
	abort();
}

void *mem_new(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory && count > 0 && size > 0)
		mem_exhausted();
	return memory;
}

void *mem_grow(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count, size);

	if (!memory && count > 0 && size > 0)
		mem_exhausted();
	return memory;
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t len)
{
	char *copy = mem_new(len + 1, 1);

	memcpy(copy, s, len);
	return copy;
}
