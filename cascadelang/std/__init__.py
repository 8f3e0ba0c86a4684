"""Policy files that ship with the package."""
