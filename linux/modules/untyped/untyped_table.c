// SPDX-License-Identifier: MIT OR Apache-2.0
/* A table's lock as C code has it: nothing in its signature says that it sleeps. */
#include <linux/delay.h>
#include <linux/mutex.h>

void untyped_table_use(void);
void untyped_table_hold(unsigned int milliseconds);

static DEFINE_MUTEX(table);

void untyped_table_use(void)
{
	mutex_lock(&table);
	mutex_unlock(&table);
}

/* A job, which waits for something while it holds the table. */
void untyped_table_hold(unsigned int milliseconds)
{
	mutex_lock(&table);
	msleep(milliseconds);
	mutex_unlock(&table);
}
