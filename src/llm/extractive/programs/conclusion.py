found = look_up()
if found:
    finish(found + [not_found()])
print(SEARCHING)
