"""What authors run: lessons from their sources, checks of the bank, a search for leaks.

``tagged_lesson``  an author's tags to nbgrader's metadata
``build``          ``solutions/NN_name.md`` to ``lessons/NN_name.ipynb``
``check_bank``     what can be told apart on the data of many students; ``bank_table`` writes it down
``release``        gives a lesson to the class
``leaks``          answers in what students get; ``all_text`` reads the files
"""
