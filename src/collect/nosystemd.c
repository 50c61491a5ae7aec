/*
 * For the static build alone. libproc2 can ask systemd for a process's unit and session; clade
 * never reads these items, it takes them from the cgroup. The linker wants the functions all the
 * same, and distributions ship no libsystemd.a: here they are, knowing nothing
 * (sd_pid_get_unit(3)).
 */
#include <errno.h>
#include <sys/types.h>

int sd_pid_get_machine_name(pid_t pid, char **name);
int sd_pid_get_owner_uid(pid_t pid, uid_t *uid);
int sd_pid_get_session(pid_t pid, char **session);
int sd_pid_get_slice(pid_t pid, char **slice);
int sd_pid_get_unit(pid_t pid, char **unit);
int sd_pid_get_user_unit(pid_t pid, char **unit);
int sd_session_get_seat(const char *session, char **seat);

int sd_pid_get_machine_name(pid_t pid, char **name)
{
	(void)pid;
	(void)name;
	return -ENODATA;
}

int sd_pid_get_owner_uid(pid_t pid, uid_t *uid)
{
	(void)pid;
	(void)uid;
	return -ENODATA;
}

int sd_pid_get_session(pid_t pid, char **session)
{
	(void)pid;
	(void)session;
	return -ENODATA;
}

int sd_pid_get_slice(pid_t pid, char **slice)
{
	(void)pid;
	(void)slice;
	return -ENODATA;
}

int sd_pid_get_unit(pid_t pid, char **unit)
{
	(void)pid;
	(void)unit;
	return -ENODATA;
}

int sd_pid_get_user_unit(pid_t pid, char **unit)
{
	(void)pid;
	(void)unit;
	return -ENODATA;
}

int sd_session_get_seat(const char *session, char **seat)
{
	(void)session;
	(void)seat;
	return -ENODATA;
}
