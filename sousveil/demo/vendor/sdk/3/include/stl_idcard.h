/* StaneLens SDK: 身份证阅读器接口。Oddlestane Vision is fictitious（虚构公司）。 */
#ifndef STL_IDCARD_H
#define STL_IDCARD_H

/* 从身份证芯片读出的登记信息，均为证件原文 */
typedef struct {
    char name[32];        /* 姓名 */
    char sex[4];          /* 性别 */
    char nation[8];       /* 民族（证件登记） */
    char birth[12];       /* 出生日期 YYYYMMDD */
    char address[72];     /* 住址 */
    char id_number[20];   /* 证件号码 */
    char issued_by[32];   /* 签发机关 */
} STL_ID_CARD;

int STL_ReadIdCard(int handle, STL_ID_CARD *card);

#endif
