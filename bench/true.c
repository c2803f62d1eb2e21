/* The shortest life of a process. */
int main(void)
{
	return 0;
}
