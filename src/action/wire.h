/*
 * What supervisors are told and answer, as bytes. Engines of containers and supervisord speak
 * HTTP/1.1 over a unix socket, PM2 speaks AMP. Pure: makers add to a text, parsers take bytes and a
 * length.
 */
#ifndef CLADE_ACTION_WIRE_H
#define CLADE_ACTION_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "clade/text.h"

/* A request without a body, or with one of XML; the connection is closed after the answer. */
void wire_add_http(struct text *out, const char *method, const char *path, const char *body);

/* POST /containers/ID/stop?t=10: the engine sends the container's signal and, after the grace,
 * KILL. */
void wire_add_container_stop(struct text *out, const char *id, double grace_s);

/* supervisor.stopProcess(NAME), which waits for the end. */
void wire_add_supervisord_stop(struct text *out, const char *name);

/* The status of an answer that is whole (the peer has closed): 204, or -EBADMSG. What the peer says
 * beyond that goes into `message`, harmless: JSON's "message", XML's faultString. */
int wire_parse_http(const char *bytes, size_t len, struct text *message);

/* The call of a method of PM2's daemon with one number. */
void wire_add_pm2_call(struct text *out, const char *method, const char *number);

/* Returns 0 when the answer is whole and good; -EAGAIN when there has to be more; -EREMOTEIO when
 * it is an error, in `message`; -EBADMSG when it is none. */
int wire_parse_pm2(const char *bytes, size_t len, struct text *message);

#endif
