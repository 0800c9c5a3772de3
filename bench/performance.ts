export async function writePerformance(..._: unknown[]): Promise<void> {}
