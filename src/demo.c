#include "demo.h"

const unsigned char demo_recording[] = {
#include "demo_bytes.h"
};
const size_t demo_recording_len = sizeof(demo_recording);
