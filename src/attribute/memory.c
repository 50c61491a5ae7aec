#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "clade/mem.h"

static void owner_free(struct known_owner *owner)
{
	free(owner->id);
	free(owner->key);
	free(owner->session);
	free(owner->cwd);
	free(owner->parent_id);
	identity_done(&owner->identity);
	free(owner);
}

static void root_free(struct known_root *root)
{
	identity_done(&root->identity);
	free(root);
}

void memory_done(struct memory *memory)
{
	struct known_owner *owner, *next_owner;
	struct known_root *root, *next_root;

	HASH_ITER (hh, memory->owners, owner, next_owner) {
		HASH_DEL(memory->owners, owner);
		owner_free(owner);
	}
	HASH_ITER (hh, memory->roots, root, next_root) {
		HASH_DEL(memory->roots, root);
		root_free(root);
	}
	free(memory->procs);
}

struct known_owner *memory_owner(struct memory *memory, const char *id)
{
	struct known_owner *owner;

	HASH_FIND_STR(memory->owners, id, owner);
	if (!owner) {
		owner = mem_new(1, sizeof(*owner));
		owner->id = mem_strdup(id);
		owner->since_ms = UNKNOWN;
		owner->looked_ms = UNKNOWN;
		owner->lived_ms = UNKNOWN;
		identity_init(&owner->identity);
		HASH_ADD_KEYPTR(hh, memory->owners, owner->id, strlen(owner->id), owner);
	}
	owner->seen = memory->sample;
	return owner;
}

struct known_root *memory_root(struct memory *memory, struct proc_key key)
{
	struct known_root *root;

	HASH_FIND(hh, memory->roots, &key, sizeof(key), root);
	if (!root) {
		root = mem_new(1, sizeof(*root));
		root->key = key;
		root->looked_ms = UNKNOWN;
		identity_init(&root->identity);
		HASH_ADD(hh, memory->roots, key, sizeof(root->key), root);
	}
	root->seen = memory->sample;
	return root;
}

static int by_key(const void *a, const void *b)
{
	const struct proc_key *key = a;
	const struct known_proc *proc = b;

	return (key->pid > proc->key.pid) - (key->pid < proc->key.pid);
}

const struct known_owner *memory_find_proc(const struct memory *memory, struct proc_key key)
{
	const struct known_proc *proc = NULL;

	if (memory->n_procs > 0)
		proc = bsearch(&key, memory->procs, memory->n_procs, sizeof(*proc), by_key);
	return proc && proc->key.start_ticks == key.start_ticks ? proc->owner : NULL;
}

void memory_turn(struct memory *memory, uint64_t now_ms, struct known_proc *procs, size_t n_procs)
{
	struct known_owner *owner, *next_owner;
	struct known_root *root, *next_root;

	free(memory->procs);
	memory->procs = procs;
	memory->n_procs = n_procs;
	for (size_t i = 0; i < n_procs; i++)
		procs[i].owner->seen = memory->sample;
	HASH_ITER (hh, memory->owners, owner, next_owner) {
		if (owner->seen == memory->sample ||
		    (is_known(owner->lived_ms) && owner->lived_ms + LINGER_MS >= now_ms))
			continue;
		HASH_DEL(memory->owners, owner);
		owner_free(owner);
	}
	HASH_ITER (hh, memory->roots, root, next_root) {
		if (root->seen == memory->sample)
			continue;
		HASH_DEL(memory->roots, root);
		root_free(root);
	}
	memory->sample++;
}
