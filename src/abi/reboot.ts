/** Commands of reboot(2). */
export const LINUX_REBOOT_CMD_RESTART = 0x01234567
export const LINUX_REBOOT_CMD_HALT = 0xcdef0123
export const LINUX_REBOOT_CMD_CAD_ON = 0x89abcdef
export const LINUX_REBOOT_CMD_CAD_OFF = 0
export const LINUX_REBOOT_CMD_POWER_OFF = 0x4321fedc
export const LINUX_REBOOT_CMD_RESTART2 = 0xa1b2c3d4
