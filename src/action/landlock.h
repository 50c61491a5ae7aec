/* Landlock(7): the calling thread may make new files below one directory and touch no other. */
#ifndef CLADE_ACTION_LANDLOCK_H
#define CLADE_ACTION_LANDLOCK_H

/* The version of the kernel's interface, 1 or more; 0 when there is none or it is switched off. */
int landlock_abi(void);

/* Confines the calling thread, which has no_new_privs, for good: nothing can be read, run, written
 * or removed through a path, but new regular files can be made in `directory` and written. Nothing
 * can be connected to or signalled where the kernel is new enough. Returns 0 or -errno. */
int landlock_enter(int directory);

#endif
