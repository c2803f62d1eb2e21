"""The HTTP face: cAdvisor's routes and ours, on one port. See docs/rest.md.

starlette and uvicorn (the extra ``http``) are imported with the modules that need them, not with the package:
``listening`` and ``limits`` need neither.
"""
