{% load shell %}{% worker name pages files more %}
