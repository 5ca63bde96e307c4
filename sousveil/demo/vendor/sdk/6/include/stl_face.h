/* StaneLens SDK: 人脸属性接口。Oddlestane Vision is fictitious（虚构公司）。 */
#ifndef STL_FACE_H
#define STL_FACE_H

#include "stl_device.h"

typedef enum {
    STL_SEX_UNKNOWN = 0,
    STL_SEX_FEMALE,
    STL_SEX_MALE
} STL_SEX_TYPE;

/* 抓拍人脸的属性 */
typedef struct {
    STL_RECT        rect;        /* 人脸位置 */
    uint8_t         age;         /* 年龄 */
    STL_SEX_TYPE    sex;         /* 性别 */
    uint8_t         glasses;     /* 是否戴眼镜 */
    uint8_t         mask;        /* 是否戴口罩 */
    float           landmarks[136]; /* 68 个关键点的 x、y 坐标 */
} STL_FACE_ATTRIBUTES;

int STL_DetectFaces(int handle, STL_FACE_ATTRIBUTES *faces, int capacity);

#endif
