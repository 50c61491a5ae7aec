/* The recording behind --demo, built in: demo/demo.ndjson.zst. */
#ifndef CLADE_DEMO_H
#define CLADE_DEMO_H

#include <stddef.h>

extern const unsigned char demo_recording[];
extern const size_t demo_recording_len;

#endif
