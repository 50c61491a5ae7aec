/*
 * Snapshots of real machines in tests/machines, trimmed to what matters: each NAME.json has beside it NAME.owners, one line a
 * process with its owner, as lab_owners() writes them. GOLDEN=renew writes these anew; read the difference.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "clade/io.h"
#include "clade/recording.h"
#include "clade/safe.h"
#include "lab.h"
#include "suite.h"

static const char *directory(void)
{
	static char path[4096];
	const char *srcdir = getenv("SRCDIR");

	snprintf(path, sizeof(path), "%s/tests/machines", srcdir ? srcdir : ".");
	return path;
}

static void expect_machine(const char *name)
{
	const char *mode = getenv("GOLDEN");
	struct lab *lab = lab_new(NULL);
	struct source *source = NULL;
	struct snapshot *snap = NULL;
	struct text path = {0};
	struct text want = {0};
	struct text error = {0};

	text_printf(&path, "%s/%s.json", directory(), name);
	if (recording_open(text_str(&path), &source, &error) != 0)
		fail_msg("%s: %s", name, text_str(&error));
	assert_int_equal(source_sample(source, NULL, &snap), 0);
	lab_take(lab, snap);
	lab_owners(lab);
	text_clear(&path);
	text_printf(&path, "%s/%s.owners", directory(), name);
	if (mode && strcmp(mode, "renew") == 0)
		assert_int_equal(io_write_file(text_str(&path), text_str(&lab->said), lab->said.len, true), 0);
	assert_int_equal(io_read_at(AT_FDCWD, text_str(&path), 1 << 24, &want), 0);
	assert_string_equal(text_str(&lab->said), text_str(&want));
	source_close(source);
	text_done(&path);
	text_done(&want);
	text_done(&error);
	lab_free(lab);
}

static int is_json(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static void real_machines_have_the_owners_that_were_looked_at(void **state)
{
	struct dirent **entries;
	int n = scandir(directory(), &entries, is_json, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		expect_machine(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_machines_have_the_owners_that_were_looked_at),
	};

	safe_setup();
	return cmocka_run_group_tests_name("machines", tests, NULL, NULL);
}
