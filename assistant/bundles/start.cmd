@echo off
rem Starts Frontdesk from this folder: finds a Python that its packages were made for; start.py does the rest.
rem   start.cmd                     serves the chat at http://127.0.0.1:7860
rem   start.cmd ask "QUESTION"      any other command of Frontdesk
rem   set PYTHON=C:\path\to\python.exe, where it is not found by itself
setlocal
set "try=import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) not in '@PYTHONS@'.split())"
if defined PYTHON "%PYTHON%" -I -c "%try%" >nul 2>nul && goto own
for %%v in (@PYTHONS@) do (
  py -%%v -I -c "%try%" >nul 2>nul && set "version=%%v" && goto launcher
)
python -I -c "%try%" >nul 2>nul && goto plain
echo Error: this bundle needs Python @PYTHONS_OR@, and none was found. Next: install it from python.org, or say where it is: set PYTHON=C:\path\to\python.exe 1>&2
exit /b 1
:own
"%PYTHON%" -I "%~dp0start.py" %*
exit /b %errorlevel%
:launcher
py -%version% -I "%~dp0start.py" %*
exit /b %errorlevel%
:plain
python -I "%~dp0start.py" %*
exit /b %errorlevel%
