def boil(degrees):
    return degrees


boil(100)
