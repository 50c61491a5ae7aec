/* Who appears in the tests' machines: an agent and its sessions, apps, containers. Words for the tables of lab.h. */
#ifndef CLADE_CAST_H
#define CLADE_CAST_H

#define CLAUDE "/opt/claude-code-linux-x64/claude"
#define S1 "11111111-1111-4111-8111-111111111111"
#define S2 "22222222-2222-4222-8222-222222222222"

/* The markers of what a tool of that claude runs. */
#define TOOL(pid, session) "CLAUDECODE=1 CLAUDE_CODE_SESSION_ID=" session " CLAUDE_PID=" #pid

#define GOD "/usr/bin/node \"PM2 v7.0.4: God Daemon (/root/.pm2)\""

/* The markers of an app that it runs. */
#define APP(id, name) "pm_id=" #id " name=" name " pm_exec_path=/srv/" name ".js PM2_HOME=/root/.pm2"

/* Containers' ids. */
#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define ID2 "2222222222222222222222222222222222222222222222222222222222222222"

#endif
