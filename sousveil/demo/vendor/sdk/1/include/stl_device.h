/* StaneLens SDK: devices and streams. Oddlestane Vision is fictitious. */
#ifndef STL_DEVICE_H
#define STL_DEVICE_H

#include <stdint.h>

typedef struct {
    char     address[64];   /* host name or IP address */
    uint16_t port;          /* 8200 unless changed in the console */
    uint8_t  channel;       /* counted from 1 */
    uint8_t  reserved[5];
} STL_STREAM_INFO;

typedef struct {
    int32_t left;
    int32_t top;
    int32_t width;
    int32_t height;
} STL_RECT;

int STL_Open(const STL_STREAM_INFO *stream);
int STL_Close(int handle);

#endif
